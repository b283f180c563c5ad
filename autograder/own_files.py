"""Import the Python files of an assignment from its folder, as modules of a package with a name of its own.

No course is on Python's path, and assignments of two courses may have one name. So the package's name follows from the
folder: the files of an assignment import each other by ``from . import reference``, wherever the course is.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType


def module(path: Path) -> ModuleType:
    """The module of a Python file in an assignment's folder; imported once, until :func:`forget`."""
    package = _package(path.parent)
    if package not in sys.modules:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(path.parent.resolve())]
        sys.modules[package] = module_from_spec(spec)
        importlib.invalidate_caches()
    return importlib.import_module(f"{package}.{path.stem}")


def forget(folder: Path) -> None:
    """Import the files of a folder anew when they are needed again: they may have changed."""
    package = _package(folder)
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def _package(folder: Path) -> str:
    return f"assignment_{folder.name}_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"
