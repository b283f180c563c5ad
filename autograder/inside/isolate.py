"""Give a forked process namespaces, writable folders and a system call filter of its own, and take its rights away.

The fork server runs in a bubblewrap box that sees only what student code may see. A job must not see the server or other
jobs either, so each fork leaves the server's namespaces before student code runs.
"""

from __future__ import annotations

import ctypes
import os
import signal

NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x02000000
"""CLONE_NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWCGROUP of linux/sched.h."""
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 22, 24, 38, 47
PR_SET_CHILD_SUBREAPER = 36
SECCOMP_MODE_FILTER, PR_CAP_AMBIENT_CLEAR_ALL, LAST_CAPABILITY = 2, 4, 63
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
CAPSET, CAPABILITY_VERSION_3 = {"x86_64": 126, "aarch64": 91}, 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]


def _call(name: str, result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def die_with_parent() -> None:
    """End this process when the one that forked it ends."""
    _call("prctl", _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def leave_namespaces() -> None:
    """New namespaces of every kind; the next fork is pid 1 of its own. The user keeps its number and gets no other.

    Raises:
        OSError: the kernel refuses.
    """
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _libc.unshare(NEW_NAMESPACES))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def own_folders(folders: tuple[str, ...], size: int, keep: tuple[str, ...] = ()) -> None:
    """Empty writable ``folders`` of at most ``size`` bytes each, and a ``/proc`` of this pid namespace alone.

    ``keep`` are mounts below these folders that stay as they are, as an environment that was installed in ``/tmp``.

    Raises:
        OSError: the kernel refuses.
    """
    _call("mount /", _libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    kept = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in keep]
    for folder in folders:
        options = f"size={size},mode=0700".encode()
        _call(f"mount {folder}", _libc.mount(b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options))
    for path, descriptor in kept:
        os.makedirs(path, mode=0o755)
        source = f"/proc/self/fd/{descriptor}".encode()
        _call(f"mount {path}", _libc.mount(source, path.encode(), None, MS_BIND | MS_REC, None))
        os.close(descriptor)
    _call("mount /proc", _libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None))
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")


def drop_rights(program: bytes) -> None:
    """No capability, none to be gained, and the system call filter ``program`` (compiled BPF), for good.

    Raises:
        OSError: the kernel refuses.
    """
    forbid_new_rights()
    give_up_capabilities()
    filter_calls(program)


def forbid_new_rights() -> None:
    """No program that this process starts has more rights than it; still needs the capabilities it takes away.

    Raises:
        OSError: the kernel refuses.
    """
    _call("no_new_privs", _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _call("ambient", _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    for capability in range(LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) and capability < 38:
            raise OSError(ctypes.get_errno(), f"capability {capability} could not be dropped")


def give_up_capabilities() -> None:
    """No capability is left.

    Raises:
        OSError: the kernel refuses.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", _libc.syscall(CAPSET[os.uname().machine], ctypes.byref(header), ctypes.byref(nothing)))


def filter_calls(program: bytes) -> None:
    """The system call filter ``program`` (compiled BPF), for this process and all that it starts.

    Raises:
        OSError: the kernel refuses.
    """
    kept = ctypes.create_string_buffer(program, len(program))
    rules = _Filter(len(program) // 8, ctypes.cast(kept, ctypes.c_void_p))
    _call("seccomp", _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(rules), 0, 0))


def adopt_orphans() -> None:
    """Whatever descends from this process becomes its child when its parent ends, however often it forks.

    Raises:
        OSError: the kernel refuses.
    """
    _call("subreaper", _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
