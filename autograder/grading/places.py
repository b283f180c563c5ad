"""The places that a grading run writes to: tried before anything runs, held by one grader at a time, trouble in one line."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

LOCK_SECONDS = 60.0
"""How long a run waits for another program to let go of the gradebook."""

_ERRNOS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the quota of this disk is used up; free some space",
    errno.EFBIG: "the file may not grow any more; raise the limit of file sizes",
    errno.EROFS: "the disk is read-only; choose a folder that can be written",
    errno.EACCES: "there is no right to write there; check its permissions",
    errno.EPERM: "there is no right to write there; check its permissions",
    errno.ENOTDIR: "a part of this path is a file; choose another folder",
    errno.EIO: "the disk has a fault",
}
_SQLITE = {
    "locked": "another program holds the gradebook; close formgrader or whatever else has it open",
    "busy": "another program holds the gradebook; close formgrader or whatever else has it open",
    "disk is full": "the disk of the gradebook is full; free some space",
    "readonly": "the gradebook is read-only; check its permissions and those of its folder",
    "unable to open": "the gradebook cannot be opened; check the permissions of its folder",
    "disk I/O": "the disk of the gradebook is full or has a fault",
    "malformed": "the gradebook is damaged; restore it from a backup",
    "not a database": "this file is no gradebook; give another --gradebook",
}


class CannotWrite(Exception):
    """What the run has to write cannot be written; the message is one line on why and what to do."""


class Locked(CannotWrite):
    """Another program holds the gradebook; it may let go of it."""


def trouble(error: BaseException) -> str | None:
    """One line on an error of disk, rights or a locked gradebook, with what to do; None for an error of any other kind."""
    if isinstance(error, CannotWrite):
        return str(error)
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps what sqlite raises
    if isinstance(cause, sqlite3.Error):
        return next((what for words, what in _SQLITE.items() if words in str(cause)), None)
    if isinstance(cause, OSError) and cause.errno in _ERRNOS:
        return f"{cause.filename or 'a file'}: {_ERRNOS[cause.errno]}"
    return None


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths are one file, by whatever names, also where it does not exist yet."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def is_locked(error: BaseException) -> bool:
    """Whether waiting may help: another program holds the gradebook."""
    cause = getattr(error, "orig", None) or error
    busy = isinstance(cause, sqlite3.OperationalError) and ("locked" in str(cause) or "busy" in str(cause))
    return busy or isinstance(error, Locked)


@contextlib.contextmanager
def held(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold a folder, which is made if need be, against other graders; the end of the process lets go of it.

    Raises:
        CannotWrite: another grader holds it for longer than ``wait`` seconds, or nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
            probe.flush()
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CannotWrite(trouble(error) or f"{folder}: cannot be written ({error.strerror}); choose another") from error
    until = time.monotonic() + wait
    try:
        while not _lock(handle):
            if time.monotonic() >= until:
                raise CannotWrite(f"{folder}: another grader writes there now; wait for its end, or choose another folder")
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: nothing to hold on to
    return True


def check_gradebook(db: Path, wait: float) -> None:
    """Make sure that a gradebook can be written, waiting ``wait`` seconds at most for another program that holds it.

    Raises:
        CannotWrite: it cannot.
    """
    try:
        with held(db.parent / "autograded", wait):
            if db.exists():
                with contextlib.closing(sqlite3.connect(db, timeout=wait, isolation_level=None)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.execute("CREATE TABLE can_this_be_written (x)")
                    connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise CannotWrite(f"{db}: {trouble(error) or error}") from error
