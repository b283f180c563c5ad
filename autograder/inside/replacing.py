"""Put a stand-in in the place of what a notebook knows: under its name, and wherever else student code holds it.

A network that is trained as ``net`` may be evaluated as ``trainer.net``, a loader may be the default of a parameter. So the
object itself becomes like the stand-in for a while, and every way to it leads there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from torch import nn
from torch.utils.data import DataLoader, Dataset

OBJECTS = (nn.Module, DataLoader, Dataset)


class Replaced:
    """What stands in for what."""

    def __init__(self) -> None:
        self._originals: dict[int, Any] = {}

    def add(self, old: Any, new: Any) -> None:
        """``old`` is like ``new`` for now."""
        self._originals[id(old)] = new

    def names(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """The global variables, with the stand-in itself where one is what became like it."""
        return {name: self._originals.get(id(value), value) for name, value in namespace.items()}


@contextlib.contextmanager
def replaced(namespace: dict[str, Any], values: dict[str, Any]) -> Iterator[Replaced]:
    """Give names other values; afterwards all names and objects are what they were.

    A name has its new value in the student's own modules too, if they have it from there or the notebook from them.
    """
    before, known = dict(namespace), Replaced()
    with contextlib.ExitStack() as undo:
        undo.callback(namespace.update, before)
        undo.callback(namespace.clear)
        for old, new in _objects(before, values):
            if becomes(undo, old, new):
                known.add(old, new)
        for module in _own_modules():
            shared = {name: old for name, old in before.items() if name in values and module.get(name, before) is old}
            undo.callback(module.update, shared)
            module.update({name: values[name] for name in shared})
        namespace.update(values)
        yield known


def same(one: Any, other: Any) -> bool:
    """Whether two objects are one, or one became like the other."""
    return one is other or (isinstance(one, OBJECTS) and isinstance(other, OBJECTS) and vars(one) is vars(other))


def _objects(before: dict[str, Any], values: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Networks, loaders and datasets with what is put in their place; none that has two names with different values."""
    pairs: dict[int, tuple[Any, list[Any]]] = {}
    for name, new in values.items():
        old = before.get(name)
        if old is not new and isinstance(old, OBJECTS) and isinstance(new, OBJECTS):
            pairs.setdefault(id(old), (old, []))[1].append(new)
    for old, news in pairs.values():
        inside = news[0].modules() if isinstance(news[0], nn.Module) else []
        if all(new is news[0] for new in news) and not any(part is old for part in inside):
            yield old, news[0]


def becomes(undo: contextlib.ExitStack, old: Any, new: Any) -> bool:
    """Whether ``old`` could become like ``new``, until it is undone: one kind and one state, in two objects."""
    kind, state = type(old), vars(old)
    try:
        object.__setattr__(old, "__class__", type(new))
    except TypeError:  # a class of a different layout
        return False
    undo.callback(object.__setattr__, old, "__class__", kind)
    undo.callback(object.__setattr__, old, "__dict__", state)
    object.__setattr__(old, "__dict__", vars(new))
    return True


@contextlib.contextmanager
def each_new(kind: Any, then: Callable[[Any], None]) -> Iterator[None]:
    """Call ``then`` with each object of a class, or of one below it, that is made meanwhile."""
    own, init = vars(kind).get("__init__"), kind.__init__

    def made(new: Any, *args: Any, **named: Any) -> None:
        init(new, *args, **named)
        then(new)

    kind.__init__ = made
    try:
        yield
    finally:
        if own is None:
            del kind.__init__
        else:
            kind.__init__ = own


def _own_modules() -> list[dict[str, Any]]:
    """The global variables of each module that the student wrote."""
    folder = os.path.join(os.path.expanduser("~"), "")
    variables = [vars(one) for one in list(sys.modules.values()) if isinstance(one, ModuleType)]
    return [own for own in variables if own.get("__name__") != "__main__" and str(own.get("__file__")).startswith(folder)]
