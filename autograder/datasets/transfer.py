"""Moves bytes from the network into a folder with progress: HTTP that resumes, gzip, and watched commands."""

from __future__ import annotations

import gzip
import http.client
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import zlib
from contextlib import suppress
from pathlib import Path

from rich.progress import Progress

CONNECT_SECONDS = 8
STALL_SECONDS = 60


class TransferError(Exception):
    """The bytes could not be had; the text is the reason, one line."""


def download(url: str, target: Path, progress: Progress) -> None:
    """Download `url` to `target`, continuing where an earlier try stopped if the server can.

    Raises TransferError when there is no connection within CONNECT_SECONDS or it breaks; what came stays.
    """
    done = target.stat().st_size if target.exists() else 0
    # S310 asks to look at the scheme: the URLs are the ones torchvision declares, and a checksum follows.
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as response:  # noqa: S310
            if response.status != http.client.PARTIAL_CONTENT:
                done = 0
            length = response.headers.get("Content-Length")
            total = done + int(length) if length else None
            task = progress.add_task(target.name, total=total, completed=done)
            with open(target, "ab" if done else "wb") as out:
                while chunk := response.read(1 << 16):
                    out.write(chunk)
                    progress.advance(task, len(chunk))
    except urllib.error.HTTPError as error:
        # Range Not Satisfiable after a non-empty part: the earlier try already had every byte.
        if not (done and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise TransferError(f"{url}: {error}") from error
        return
    except (OSError, http.client.HTTPException) as error:
        raise TransferError(f"{url}: {getattr(error, 'reason', None) or error}") from error
    if total is not None and target.stat().st_size < total:
        raise TransferError(f"{url}: the connection closed after {target.stat().st_size:,} of {total:,} bytes")


def decompress(archive: Path, folder: Path) -> None:
    """Unpack `NAME.gz` to `folder/NAME`, which is there complete or not at all.

    Raises TransferError when the archive is damaged, and deletes it so that a later try starts afresh.
    """
    target = folder / archive.name.removesuffix(".gz")
    unfinished = target.with_suffix(".unfinished")
    try:
        with gzip.open(archive) as packed, open(unfinished, "wb") as out:
            shutil.copyfileobj(packed, out)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        archive.unlink()
        unfinished.unlink()
        raise TransferError(f"{archive.name} is damaged: {error}") from error
    unfinished.replace(target)


def run_watched(
    command: list[str], cwd: Path, progress: Progress, label: str, arrivals: Path, expected: int | None = None
) -> None:
    """Run `command` in `cwd`, showing as progress the bytes under the folder `arrivals`, `expected` in all.

    Raises TransferError when the command is not installed, fails, or brings nothing for STALL_SECONDS.
    """
    task = progress.add_task(label, total=expected)
    before = bytes_under(arrivals)
    with open(cwd / "command.log", "w+", errors="replace") as log:
        try:
            process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except FileNotFoundError as error:
            raise TransferError(f"the command {command[0]} is not installed") from error
        arrived, last_growth = 0, time.monotonic()
        try:
            while process.poll() is None:
                time.sleep(0.05)
                now = bytes_under(arrivals) - before
                if now != arrived:
                    arrived, last_growth = now, time.monotonic()
                    progress.update(task, completed=min(now, expected or now))
                elif time.monotonic() - last_growth > STALL_SECONDS:
                    raise TransferError(f"{command[0]} brought nothing for {STALL_SECONDS} s")
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
    if process.returncode:
        errors = [line for line in lines if line.startswith(("E:", "npm error"))] or lines[-1:]
        raise TransferError(" / ".join(errors[:3]) or f"{command[0]} ended with exit status {process.returncode}")
    total = expected or bytes_under(arrivals) - before
    progress.update(task, completed=total, total=total)


def bytes_under(folder: Path) -> int:
    """Bytes of all files under `folder` now; a file that vanishes while counting counts as nothing."""
    total = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total
