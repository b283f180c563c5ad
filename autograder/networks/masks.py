"""ReLU and dropout that are written with a mask: products with it, choices by it, or the larger of two tensors.

``x * (x > 0)``, ``torch.where(x > 0, x, 0)``, ``x[x < 0] = 0`` and ``torch.maximum(x, torch.zeros(1))`` are ReLUs;
``F.dropout`` itself multiplies by a mask, and so does dropout that is written by hand.
"""

from __future__ import annotations

from typing import Any

from .aten import VIEWS, is_zero
from .layers import Layer

COMPARISONS = {"gt": 1, "ge": 1, "lt": -1, "le": -1}
RANDOM = {"bernoulli", "bernoulli_", "rand", "rand_like"}


class Masks:
    """Finds the masks in the recorded operations ``nodes``.

    Args:
        nodes: of a trace. It may be forged, so that references are followed backwards only.
        from_images: indices of the nodes whose value depends on the images.
    """

    def __init__(self, nodes: list[dict[str, Any]], from_images: set[int]) -> None:
        self._nodes, self._from_images = nodes, from_images

    def layer(self, index: int) -> tuple[Layer, set[int]] | None:
        """The layer that a node finishes, and the nodes before it that belong to it; None if it has to do with no mask."""
        name, args = self._name(index).rstrip("_"), self._nodes[index]["args"]
        if name == "maximum":
            zero, other = (args[0], args[1]) if self._is_zero(args[0], index) else (args[1], args[0])
            return (Layer("relu"), set()) if self._is_zero(zero, index) and not self._is_zero(other, index) else None
        if name in ("clamp_min", "clamp") and len(args) == 2 and self._is_zero(args[1], index):
            return Layer("relu"), set()
        if name == "mul" and len(args) == 2:
            return (
                self._gate(index, args[0], args[1], 1)
                or self._gate(index, args[1], args[0], 1)
                or self._dropout(index, args)
            )
        if name == "where" and len(args) == 3:
            if self._is_zero(args[2], index):
                return self._gate(index, args[1], args[0], 1)
            return self._gate(index, args[2], args[0], -1) if self._is_zero(args[1], index) else None
        if name == "masked_fill" and self._is_zero(args[2], index):
            return self._gate(index, args[0], args[1], -1)
        return None

    def _name(self, index: int) -> str:
        return str(self._nodes[index]["op"]).removeprefix("aten.").split(".")[0]

    def _through_views(self, value: Any, before: int) -> tuple[Any, set[int]]:
        """What ``value`` is a view of, and the nodes passed on the way."""
        passed: set[int] = set()
        while isinstance(value, dict) and not value.get("after"):
            index = value.get("node")
            if not isinstance(index, int) or not 0 <= index < before or self._name(index) not in VIEWS:
                break
            passed.add(index)
            before, value = index, self._nodes[index]["args"][0]
        return value, passed

    def _source(self, value: Any, before: int) -> int | None:
        """Index of the node that made ``value`` or what it is a view of."""
        source = self._through_views(value, before)[0]
        index = source.get("node") if isinstance(source, dict) else None
        return index if isinstance(index, int) and 0 <= index < before else None

    def _is_zero(self, value: Any, before: int) -> bool:
        source = self._through_views(value, before)[0]
        index = self._source(value, before)
        if index is None:
            return is_zero(source)
        name, args = self._name(index), self._nodes[index]["args"]
        made = {"full": 1, "full_like": 1, "new_full": 2, "scalar_tensor": 0}
        return name in ("zeros", "zeros_like", "new_zeros") or (name in made and is_zero(args[made[name]]))

    def _gate(self, index: int, value: Any, mask: Any, sign: int) -> tuple[Layer, set[int]] | None:
        """ReLU as ``value`` where ``mask`` compares the same tensor with zero, with the given sign."""
        made, passed = self._source(mask, index), self._through_views(mask, index)[1]
        if made is None or COMPARISONS.get(self._name(made)) != sign or not is_zero(self._nodes[made]["args"][1]):
            return None
        compared = self._through_views(self._nodes[made]["args"][0], made)[0]
        itself = self._through_views(value, index)[0]
        return (Layer("relu"), passed | {made}) if isinstance(itself, dict) and itself == compared else None

    def _dropout(self, index: int, args: list[Any]) -> tuple[Layer, set[int]] | None:
        made = [value for value in args if self._source(value, index) not in self._from_images | {None}]
        if len(made) != 1:
            return None
        position, factor, compared = self._source(made[0], index), 1.0, None
        while position is not None and self._name(position) not in RANDOM:
            name, found = self._name(position).rstrip("_"), self._nodes[position]["args"]
            number = found[1] if len(found) > 1 and isinstance(found[1], (int, float)) else None
            if name in ("mul", "div") and number:
                factor *= number if name == "mul" else 1 / number
            elif name in COMPARISONS and number is not None:
                compared = (COMPARISONS[name], float(number))
            else:
                return None
            position = self._source(found[0], position)
        kept = None if position is None else self._kept(position, compared)
        if position is None or kept is None or not 0 < kept < 1:
            return None
        drops = "single values" if self._nodes[index]["shapes"] == self._nodes[position]["shapes"] else "whole channels"
        settings = (("p", round(1 - kept, 6)), ("drops", drops))
        if abs(factor * kept - 1) < 1e-5:
            return Layer("dropout", settings), set()
        return Layer("mask" if factor == 1 else "alpha_dropout", settings), set()  # a mask still needs its scaling

    def _kept(self, position: int, compared: tuple[int, float] | None) -> float | None:
        """Probability of a one in the mask that the random node begins."""
        name, args = self._name(position), self._nodes[position]["args"]
        if name.startswith("rand"):
            return None if compared is None else 1 - compared[1] if compared[0] > 0 else compared[1]
        if compared is not None or name == "bernoulli_":
            kept = args[1] if len(args) > 1 else 0.5
            return float(kept) if compared is None and isinstance(kept, (int, float)) else None
        filled = self._source(args[0], position)
        if filled is None or self._name(filled) not in ("full", "full_like", "new_full"):
            return None
        number = self._nodes[filled]["args"][2 if self._name(filled) == "new_full" else 1]
        return float(number) if isinstance(number, (int, float)) else None
