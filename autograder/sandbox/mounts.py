"""Say what a box can see: system libraries, the Python environment, the code of the box, and the training data."""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
BOX = "/box"  # the folder of what a box gets beside system and libraries; code in it knows it as the variable BOX
SYSTEM = (
    "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/graphviz", "/usr/share/zoneinfo", "/usr/local/cuda", "/usr/local/nvidia", "/etc/alternatives",
    "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/nsswitch.conf",
    "/sys/devices/system/cpu",
)  # fmt: skip
LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")
GPU_DEVICES = "/dev/nvidia*"


@dataclass
class View:
    """What is bound read-only into a box (host folder -> box path), and which box paths are covered by empty folders."""

    binds: dict[str, str] = field(default_factory=dict)
    covers: list[str] = field(default_factory=list)


def _environment_folders() -> list[Path]:
    """The interpreter's installation and virtual environment, outermost first, none inside another."""
    wanted = {Path(sys.base_prefix).resolve(), Path(sys.prefix), Path(sys.base_exec_prefix).resolve()}
    wanted |= {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")}
    wanted.add(Path(sys.executable).parent)
    wanted.add(Path(sys.executable).resolve().parent)
    folders: list[Path] = []
    for folder in sorted(wanted, key=lambda path: len(path.parts)):
        inside_system = any(folder.is_relative_to(path) for path in SYSTEM)
        # A system interpreter lies in /usr, which as a whole would show more than it needs.
        if folder != Path("/usr") and not inside_system and not any(folder.is_relative_to(other) for other in folders):
            folders.append(folder)
    return folders


def view(probes: Path | None, data: Path | None, matplotlib_cache: Path | None, files: Sequence[Path] = ()) -> View:
    """The view of a box for one assignment.

    ``probes`` is the assignment's ``probes.py``, ``data`` a folder that torchvision accepts as a root,
    ``files`` are those that the box's working folder gets.
    """
    found = View()
    for folder in _environment_folders():
        found.binds[str(folder)] = str(folder)
    # Installed without -e, this package with its hidden tests lies in site-packages, which the box can see: cover it.
    for folder in {PACKAGE, *(Path(path) / PACKAGE.name for path in site.getsitepackages())}:
        if folder.is_dir() and any(folder.is_relative_to(bound) for bound in found.binds):
            found.covers.append(str(folder))
    found.binds[str(PACKAGE / "inside")] = f"{BOX}/inside"
    if probes is not None:
        found.binds[str(probes)] = f"{BOX}/probes.py"
    for path in files:
        found.binds[str(path)] = f"{BOX}/files/{path.name}"
    if data is not None:
        found.binds[str(data)] = f"{BOX}/data"
    if matplotlib_cache is not None:
        found.binds[str(matplotlib_cache)] = f"{BOX}/matplotlib"
    return found
