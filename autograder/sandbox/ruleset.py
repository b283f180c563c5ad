"""Restrict this process with Landlock, the Linux security module that any process may ask to take rights from itself.

Python has no stable package for it; three system calls are all of it. Numbers and layouts are those of ``linux/landlock.h``,
which are the same on every architecture.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable

CREATE, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
MAKE_CHAR, MAKE_SOCK, MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
ALL_FILES = (1 << 16) - 1
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the rest are rights of folders

READ = EXECUTE | READ_FILE | READ_DIR
LIST = READ_DIR
WRITE = ALL_FILES & ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | IOCTL_DEV)
DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV

BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scope", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version() -> int:
    """The version of Landlock that this kernel has; 0 where it has none, or was started without it."""
    return max(0, int(_libc.syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))))


def _files(abi: int) -> int:
    """The file rights that a kernel of this version knows."""
    return ALL_FILES & ~(0 if abi >= 5 else IOCTL_DEV)


class Ruleset:
    """Rights that a process keeps; :meth:`enforce` takes all others from it.

    Handled are all that a kernel of version 4 or later knows: files, TCP, and from version 6 on abstract unix sockets and
    signals.
    """

    def __init__(self, rights: Iterable[tuple[str, int]]) -> None:
        """Collect the rights that ``(path, rights)`` give; what is not there is left out.

        Raises:
            OSError: the kernel refuses.
        """
        abi = version()
        self._handled = _files(abi)
        scope = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0
        wanted = _Ruleset(self._handled, BIND_AND_CONNECT_TCP, scope)
        size = ctypes.sizeof(_Ruleset) if abi >= 6 else ctypes.sizeof(_Ruleset) - 8
        self._descriptor = _checked("create", _libc.syscall(CREATE, ctypes.byref(wanted), ctypes.c_size_t(size), 0))
        for path, allowed in rights:
            with contextlib.suppress(FileNotFoundError):
                self._allow(path, allowed)

    def _allow(self, path: str, allowed: int) -> None:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(folder).st_mode):
                allowed &= OF_A_FILE
            rule = _PathBeneath(allowed & self._handled, folder)
            added = _libc.syscall(ADD_RULE, self._descriptor, PATH_BENEATH, ctypes.byref(rule), 0)
            _checked(f"rule for {path}", added)
        finally:
            os.close(folder)

    def enforce(self) -> None:
        """Keep these rights alone, in this process and all that it starts, for good. Needs ``no_new_privs``.

        Raises:
            OSError: the kernel refuses.
        """
        _checked("restrict", _libc.syscall(RESTRICT_SELF, self._descriptor, 0))
        os.close(self._descriptor)


def _checked(what: str, result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock, {what}: {os.strerror(error)}")
    return int(result)
