"""Compile the system call filter of a box to a BPF program.

Namespaces already hide files, processes and the network; the filter closes what namespaces leave open: other socket
families, kernel interfaces with a history of holes, further namespaces, and memory that the watchdog could not count.
A box without namespaces gets a stricter one, which also closes what they would hide: every socket but a connected pair,
the machine's shared memory and queues, and watching its files.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import socket
import tempfile
from collections.abc import Iterator
from typing import IO

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
SHARED_BY_THE_MACHINE = (
    "accept", "accept4", "bind", "connect", "inotify_add_watch", "inotify_init", "inotify_init1", "listen", "mq_getsetattr",
    "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
    "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget", "socket",
)  # fmt: skip
"""What a network and an IPC namespace would make the box's own, and watches, which need no right but to read."""
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
SOCKET_TYPE = 0xF  # the bits beside flags as SOCK_CLOEXEC
PR_SET_DUMPABLE = 4


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

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in (*DENIED, *(SHARED_BY_THE_MACHINE if strict else ())):
        try:
            rules.add_rule(refuse, name)
        except (ValueError, RuntimeError, OSError):
            continue  # not a system call of this architecture or of this libseccomp
    # ENOSYS sends glibc back to clone(), whose flags a filter can read.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for bit in range(32):
        flag = 1 << bit
        if NEW_NAMESPACES & flag:
            rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    if strict:
        # One end of a pair of datagram sockets, which the kernel makes of raw ones too, may send to any other address.
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            rules.add_rule(refuse, "socketpair", seccomp.Arg(1, seccomp.MASKED_EQ, SOCKET_TYPE, int(kind)))
        # Processes that are not dumpable would hide their open files from the watchdog.
        rules.add_rule(refuse, "prctl", seccomp.Arg(0, seccomp.MASKED_EQ, 0xFFFFFFFF, PR_SET_DUMPABLE))
    else:
        rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.NE, int(socket.AF_UNIX)))
    rules.add_rule(refuse, "socketpair", seccomp.Arg(0, seccomp.NE, int(socket.AF_UNIX)))
    for request in (TIOCSTI, TIOCLINUX):
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


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
