"""Compile the system call filter of the box to a BPF program for bubblewrap.

Namespaces already hide files, processes and the network; the filter closes what namespaces leave open: other socket
families, kernel interfaces with a history of holes, further namespaces, and memory that the watchdog could not count.
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
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
TIOCSTI, TIOCLINUX = 0x5412, 0x541C


@functools.cache
def program() -> bytes:
    """The compiled filter for this machine's architecture.

    Raises:
        OSError: libseccomp is not installed.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(f"libseccomp could not be loaded ({error}); install the package libseccomp2") from error

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in DENIED:
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
