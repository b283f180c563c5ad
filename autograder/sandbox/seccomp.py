"""Compile the system call filter of a box to a BPF program.

Namespaces already hide files, processes and the network; the filter closes what namespaces leave open: other socket
families, kernel interfaces with a history of holes, further namespaces, memory that the watchdog could not count, and what
one box could tell another by files that both read.
A box without namespaces gets a stricter one, which also closes what they would hide: every socket but a connected pair.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from .box import CannotIsolate

DENIED = (
    "acct", "add_key", "bpf", "chroot", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount",
    "fsopen", "fspick", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "kcmp", "kexec_file_load",
    "kexec_load", "keyctl", "lookup_dcookie", "memfd_create", "memfd_secret", "mount", "mount_setattr", "move_mount",
    "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pidfd_getfd",
    "pivot_root", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "quotactl_fd",
    "reboot", "request_key", "setns", "settimeofday", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare",
    "uselib", "userfaultfd", "ustat", "vhangup", "vmsplice",
)  # fmt: skip
UNSEEN = (
    "inotify_add_watch", "inotify_init", "inotify_init1", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
    "mq_timedsend", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "shmat",
    "shmctl", "shmdt", "shmget",
)  # fmt: skip
"""Memory that no process shows, and watches, which need no right but to read a file that other boxes read too."""
SOCKETS = ("accept", "accept4", "bind", "connect", "listen", "socket")
"""What a network namespace would make the box's own."""
LOCKS = (fcntl.F_SETLK, fcntl.F_SETLKW, 37, 38)
"""Commands of fcntl; the last are F_OFD_SETLK and F_OFD_SETLKW of linux/fcntl.h."""
NOTICES = (fcntl.F_SETLEASE, fcntl.F_NOTIFY)
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
GRANTED = 0
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
SOCKET_TYPE = 0xF  # the bits beside flags as SOCK_CLOEXEC
PR_SET_DUMPABLE = 4


@dataclass(frozen=True)
class _Rule:
    """A system call that fails with ``error``: always, or where ``argument & mask == value``, or ``argument != value``."""

    call: str
    error: int = errno.EPERM
    argument: int | None = None
    value: int = 0
    mask: int | None = None


def _rules(strict: bool) -> Iterator[_Rule]:
    for name in (*DENIED, *UNSEEN, *(SOCKETS if strict else ())):
        yield _Rule(name)
    # A lock that is given and holds nothing: libraries lock files of their own, and by files that boxes share one would
    # tell another something.
    yield _Rule("flock", GRANTED)
    for command in LOCKS:
        yield _Rule("fcntl", GRANTED, argument=1, value=command, mask=0xFFFFFFFF)
    for command in NOTICES:
        yield _Rule("fcntl", argument=1, value=command, mask=0xFFFFFFFF)
    # ENOSYS sends glibc back to clone(), whose flags a filter can read.
    yield _Rule("clone3", errno.ENOSYS)
    for bit in range(32):
        if NEW_NAMESPACES & 1 << bit:
            yield _Rule("clone", argument=0, value=1 << bit, mask=1 << bit)
    if strict:
        # One end of a pair of datagram sockets, which the kernel makes of raw ones too, may send to any other address.
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            yield _Rule("socketpair", argument=1, value=int(kind), mask=SOCKET_TYPE)
        # Processes that are not dumpable would hide their open files from the watchdog.
        yield _Rule("prctl", argument=0, value=PR_SET_DUMPABLE, mask=0xFFFFFFFF)
    else:
        yield _Rule("socket", argument=0, value=int(socket.AF_UNIX))
    yield _Rule("socketpair", argument=0, value=int(socket.AF_UNIX))
    for request in (TIOCSTI, TIOCLINUX):
        yield _Rule("ioctl", argument=1, value=request, mask=0xFFFFFFFF)


@functools.cache
def program(strict: bool = False) -> bytes:
    """The compiled filter for this machine's architecture; the ``strict`` one is for boxes without namespaces.

    Raises:
        OSError: libseccomp is not installed.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(f"libseccomp could not be loaded ({error}); install the package libseccomp2") from error

    made = seccomp.SyscallFilter(seccomp.ALLOW)
    for rule in _rules(strict):
        when = []
        if rule.argument is not None:
            how = (seccomp.NE, rule.value) if rule.mask is None else (seccomp.MASKED_EQ, rule.mask, rule.value)
            when = [seccomp.Arg(rule.argument, *how)]
        try:
            made.add_rule(seccomp.ERRNO(rule.error), rule.call, *when)
        except (ValueError, RuntimeError, OSError):
            if rule.call not in DENIED + UNSEEN + SOCKETS:
                raise
            continue  # not a system call of this architecture or of this libseccomp
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def profile() -> dict[str, Any]:
    """The filter of a box with namespaces in the form that podman and docker read, which is that of the OCI runtime."""
    calls = []
    for rule in _rules(strict=False):
        when = []
        if rule.argument is not None:
            how = {"op": "SCMP_CMP_NE", "value": rule.value}
            if rule.mask is not None:
                how = {"op": "SCMP_CMP_MASKED_EQ", "value": rule.mask, "valueTwo": rule.value}
            when = [{"index": rule.argument, **how}]
        calls.append({"names": [rule.call], "action": "SCMP_ACT_ERRNO", "errnoRet": rule.error, "args": when})
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": calls}


@contextlib.contextmanager
def program_file() -> Iterator[IO[bytes]]:
    """The compiled filter as an open file.

    Raises:
        CannotIsolate: libseccomp is not installed.
    """
    try:
        rules = program()
    except OSError as error:
        raise CannotIsolate(str(error)) from error
    with tempfile.TemporaryFile() as file:
        file.write(rules)
        file.flush()
        file.seek(0)
        yield file
