"""Run recorded networks that were drawn at random, with arguments that no network has; the process must live on.

Started by ``test_replay.py`` in a process of its own: an operation that does not check its arguments would end it.
"""

import random
import resource
import sys
import warnings
from typing import Any

import torch

from autograder.networks.replay import ALLOWED, NotReplayable, Program, _operation

GIB = 1 << 30
USUAL = (0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 14, 28, -1, -2)
ODD = (-28, 29, 100, 784, 3136, 10**6, 2**31 - 1, 2**31, -(2**31), 2**32, 2**62, -(2**62), 2**63 - 1, -(2**63))
NUMBERS = (0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, 1e30, -1e30, "inf", "nan")
TENSORS = {
    "a": torch.rand(4, 1, 3, 3),
    "b": torch.rand(4),
    "c": torch.rand(10, 784),
    "d": torch.randint(0, 5, (4, 1, 28, 28)),
    "e": torch.rand(0, 3),
    "f": torch.rand(4, 1, 28, 28) > 0.5,
}
LEFT_OUT = ("device", "generator", "pin_memory", "layout")


def overloads() -> list[tuple[str, Any]]:
    """Names and schemas of all that is computed."""
    found = []
    for packet in sorted(ALLOWED):
        for overload in getattr(torch.ops.aten, packet).overloads():
            try:
                _operation(f"aten.{packet}.{overload}")
            except NotReplayable:
                continue
            found.append((f"aten.{packet}.{overload}", getattr(getattr(torch.ops.aten, packet), overload)._schema))
    return found


def value(draw: random.Random, kind: str, number: int) -> Any:
    """An argument of a type, for the operation with that number."""
    if kind.startswith("Optional["):
        return None if draw.random() < 0.4 else value(draw, kind[9:-1], number)
    if kind.startswith("List["):
        return [value(draw, kind[5:-1], number) for _ in range(draw.choice((0, 1, 1, 2, 2, 2, 3, 4, 4, 5)))]
    if kind == "Tensor":
        before = {"node": number - 1, "out": draw.choice((0, 0, 0, 1, 2))} if number else {"input": 0}
        return draw.choice((before, before, before, {"input": 0}, {"param": draw.choice(list(TENSORS))}))
    if kind in ("int", "SymInt", "number"):
        return draw.choice(USUAL) if draw.random() < 0.8 else draw.choice(ODD)
    kinds: dict[str, tuple[Any, ...]] = {
        "float": NUMBERS,
        "bool": (True, False),
        "str": ("none", "tanh", "floor", "trunc", "x"),
        "ScalarType": tuple({"dtype": name} for name in ("float32", "int64", "bool", "uint8", "float16")),
        "MemoryFormat": ({"other": "torch.channels_last"}, {"other": "torch.contiguous_format"}),
    }
    return draw.choice(kinds[kind]) if kind in kinds else None


def node(draw: random.Random, name: str, schema: Any, number: int) -> dict[str, Any]:
    """One operation with drawn arguments."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for argument in schema.arguments:
        if argument.name in LEFT_OUT or (argument.has_default_value() and draw.random() < 0.5):
            if argument.kwarg_only or argument.name in LEFT_OUT:
                continue
            break
        drawn = value(draw, str(argument.real_type), number)
        if argument.kwarg_only:
            kwargs[argument.name] = drawn
        else:
            args.append(drawn)
    return {"op": name, "args": args, "kwargs": kwargs, "shapes": []}


def main(seed: int, count: int) -> None:
    """Run ``count`` programs; what they are is on stdout, the last one last."""
    resource.setrlimit(resource.RLIMIT_AS, (10 * GIB, 10 * GIB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    draw, known, ran = random.Random(seed), overloads(), 0
    for _ in range(count):
        nodes = [node(draw, *draw.choice(known), number) for number in range(draw.choice((1, 2, 3)))]
        print(nodes, flush=True)
        program = {"nodes": nodes, "output": {"node": len(nodes) - 1, "out": 0}}
        try:
            Program(program, TENSORS)(torch.rand(4, 1, 28, 28))
            ran += 1
        except NotReplayable:
            continue
        except (RuntimeError, IndexError, TypeError, ValueError, OverflowError, MemoryError):
            continue  # costs the submission its grade, and nobody else anything
    print(f"ran {ran}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
