"""Turn a recorded forward pass into layers.

The trace is data from the box. Operations become layers one by one (``aten``), those written with masks (``masks``), and
then equal functions are brought to one form (``canonical``); ``layers`` compares what is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from ..inside import trace as tracing
from .alignment import align
from .aten import Operation, layer_of
from .canonical import canonical
from .layers import KINDS, NO_GRADIENT, NO_PARAMETER, USED_BEFORE, Layer
from .masks import Masks

MADE_LIKE = {
    "empty_like", "full_like", "new_empty", "new_full", "new_ones", "new_zeros", "ones_like", "rand_like", "randn_like",
    "zeros_like",
}  # fmt: skip
"""Operations that take the shape of a tensor, not its values."""
MOST_VALUES = 100_000  # in the arguments of all operations; what the box records of a network has some thousand
DROPOUTS = {"dropout", "alpha_dropout", "mask"}


@dataclass
class Network:
    """The layers on the way from the images to the output, and whether they form a chain (no branch, no merge)."""

    layers: list[Layer]
    chain: bool
    problem: str | None = None
    sizes: list[list[int] | None] = field(default_factory=list)  # output shape of each layer
    learns: bool = True  # a gradient reaches every weight that the output depends on
    cut: Layer | None = None  # the layer behind which gradients end, so that it and those before it never learn


def network(document: dict[str, Any], global_pools: bool = True) -> Network:
    """Layers of a recorded forward pass.

    Args:
        document: what :meth:`autograder.inside.recorder.Trace.document` gave.
        global_pools: see :func:`autograder.networks.canonical.canonical`.
    """
    found = _Reading(document)
    pairs = canonical(list(zip(found.layers, found.sizes, strict=True)), global_pools)
    learns = not document["unlearned"]
    layers, sizes = [layer for layer, _ in pairs], [size for _, size in pairs]
    return Network(layers, found.chain, document["problem"], sizes, learns, found.cut)


class _Reading:
    """Goes through the operations that the output depends on, and through those alone that the images pass."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._nodes = document["nodes"]
        if sum(len(self._values(index)) for index in range(len(self._nodes))) > MOST_VALUES:
            raise ValueError(f"a recording whose operations have more than {MOST_VALUES:,} arguments")
        self._unlearned = set(document["unlearned"])
        # Where the pass broke off, what was computed for the operation that raised is what the network uses.
        output = document.get("stopped_at") if document["output"] is None else document["output"]
        alive = tracing.live(self._nodes, output)
        self._from_images = self._carriers(alive)
        self._made_of: dict[int, frozenset[str]] = {}  # names of the parameters that prepared nodes are made of
        self._used: set[str] = set()  # parameters of the layers so far
        self.layers: list[Layer] = []
        self.sizes: list[list[int] | None] = []
        self.chain = True
        # For each node the layers (-1: the images) that its value comes from, by their positions.
        self._origins: dict[int, set[int]] = {}
        masks = Masks(self._nodes, self._from_images)
        carried = [index for index in alive if index in self._from_images]
        masked = {index: found for index in carried if (found := masks.layer(index))}
        parts = {index for _, passed in masked.values() for index in passed}
        for index in carried:
            before = {origin for value in self._values(index) for origin in self._origin(value)}
            layer = masked[index][0] if index in masked else None if index in parts else self._layer(index)
            self._origins[index] = before if layer is None else {len(self.layers)}
            if layer is not None:
                self.chain = self.chain and before == {len(self.layers) - 1}
                self.layers.append(layer)
                self.sizes.append(self._nodes[index]["shapes"][0])
        # Where gradients end behind layers, the mistake is in none of these.
        end = self._cut(any(_name(self._nodes[index]) == "detach" for index in carried))
        self.layers[:end] = [
            Layer(layer.kind, tuple(s for s in layer.settings if s[0] != "weights")) for layer in self.layers[:end]
        ]
        self.cut = self.layers[end - 1] if end else None

    def _cut(self, detached: bool) -> int:
        """Behind how many layers no gradient comes back: all with weights among them, and none of the others, have none.

        A single one may have weights that cannot learn, unless something in the pass was ``detached``.
        """
        weighted = [(place, layer["weights"]) for place, layer in enumerate(self.layers) if layer["weights"] is not None]
        without = [place for place, weights in weighted if weights == NO_GRADIENT]
        first = [place for place, _ in weighted[: len(without)]]
        whole = without == first and (len(without) > 1 or detached or len(without) == len(weighted))
        return without[-1] + 1 if without and whole else 0

    def _values(self, index: int) -> list[Any]:
        values = [*self._nodes[index]["args"], *self._nodes[index]["kwargs"].values()]
        return [item for value in values for item in (value if isinstance(value, list) else [value])]

    def _carriers(self, alive: list[int]) -> set[int]:
        """Nodes whose value depends on the images, as opposed to prepared weights and tensors of their shape alone."""
        found: set[int] = set()
        for index in alive:
            values = [] if _name(self._nodes[index]) in MADE_LIKE else self._values(index)
            if any(self._is_image(value) or found.intersection(tracing.referenced(value)) for value in values):
                found.add(index)
        return found

    @staticmethod
    def _is_image(value: Any) -> bool:
        return isinstance(value, dict) and "input" in value

    def _origin(self, value: Any) -> set[int]:
        carried = [index for index in tracing.referenced(value) if index in self._origins]
        if carried:
            return self._origins[carried[-1]]  # who wrote into it last, if somebody did
        return {-1} if self._is_image(value) else set()

    def _shape(self, value: Any) -> list[int] | None:
        if isinstance(value, dict) and "node" in value:
            known: list[int] | None = self._nodes[value["node"]]["shapes"][value["out"]]
            return known
        return value.get("shape") if isinstance(value, dict) else None

    def _layer(self, index: int) -> Layer | None:
        node = self._nodes[index]
        args = list(node["args"])
        if "min" in node["kwargs"] or "max" in node["kwargs"]:
            args = [args[0], node["kwargs"].get("min"), node["kwargs"].get("max")]
        carried = [self._is_image(value) or bool(self._from_images & {*tracing.referenced(value)}) for value in args]
        shapes = [self._shape(value) for value in args]
        name = _name(node)
        if name in ("add", "add_") and carried[:2] in ([True, False], [False, True]):
            added = args[carried.index(False)]
            if self._parameters(added, index):
                return Layer("bias", (("out", math.prod(self._shape(added) or [])),))
        layer = layer_of(Operation(name, args, shapes, carried, node["shapes"][0]))
        count = KINDS[layer.kind].weights if layer is not None and layer.kind in KINDS else 0
        if layer is None or count == 0:
            return layer
        weights = [value for value, moves in zip(args, carried, strict=True) if isinstance(value, dict) and not moves][
            :count
        ]
        return Layer(layer.kind, (*layer.settings, ("weights", self._learned(weights, index))))

    def _learned(self, weights: list[Any], index: int) -> str:
        names = set().union(*(self._parameters(value, index) for value in weights))
        again = names & self._used
        self._used |= names
        if not weights:
            return "none"
        if not names:
            return NO_PARAMETER
        if names & self._unlearned:
            return NO_GRADIENT
        return USED_BEFORE if again else "learned"

    def _parameters(self, value: Any, before: int) -> frozenset[str]:
        """Names of the parameters that a prepared tensor is made of."""
        return _named([value]).union(*map(self._of_node, self._prepared([value], before)))

    def _prepared(self, values: list[Any], before: int) -> set[int]:
        """The nodes before that one, without images, that values refer to."""
        return {one for value in values for one in tracing.referenced(value) if 0 <= one < before} - self._from_images

    def _of_node(self, index: int) -> frozenset[str]:
        missing = [index]
        while missing:  # a recursion could be as deep as there are operations
            node = missing[-1]
            if node in self._made_of:
                missing.pop()
                continue
            values = self._values(node)
            prepared = self._prepared(values, node)
            if ahead := prepared - self._made_of.keys():
                missing += ahead
            else:
                self._made_of[node] = _named(values).union(*(self._made_of[one] for one in prepared))
        return self._made_of[index]


def _named(values: list[Any]) -> frozenset[str]:
    return frozenset(str(value["param"]) for value in values if isinstance(value, dict) and "param" in value)


def _name(node: dict[str, Any]) -> str:
    return str(node["op"]).removeprefix("aten.").split(".")[0]


def both_modes(training: Network, evaluation: Network) -> Network:
    """The layers as training mode runs them, with what evaluation mode makes of each.

    Dropout says whether evaluation mode skips it, batch norm which statistics it uses; any other layer that one mode alone
    runs is named so. Where just one of the two passes came to its end, its layers are taken as they are.
    """
    if (training.problem is None) != (evaluation.problem is None):
        return training if training.problem is None else evaluation
    aligned = align(evaluation.layers, training.layers)
    pairs: list[tuple[Layer, list[int] | None]] = []
    for position, layer in enumerate(training.layers):
        pairs += [(_only_in_evaluation(extra), None) for place, extra in aligned.extra if place == position]
        pairs.append((_in_both(layer, aligned.matched[position]), training.sizes[position]))
    pairs += [(_only_in_evaluation(extra), None) for place, extra in aligned.extra if place == len(training.layers)]
    layers, sizes = [layer for layer, _ in pairs], [size for _, size in pairs]
    chain = training.chain and evaluation.chain
    return Network(layers, chain, training.problem, sizes, training.learns, training.cut)


def _only_in_evaluation(layer: Layer) -> Layer:
    return Layer(f"{layer.kind}_in_evaluation_mode_only", layer.settings)


def _in_both(layer: Layer, evaluated: Layer | None) -> Layer:
    if evaluated is None and layer.kind not in DROPOUTS:
        return Layer(f"{layer.kind}_in_training_mode_only", layer.settings)
    if layer.kind == "dropout":
        return Layer("dropout", (*layer.settings, ("evaluation", "drops nothing" if evaluated is None else "drops values")))
    if layer.kind == "batchnorm" and evaluated is not None:
        modes = f"{layer['statistics']} in training, {evaluated['statistics']} in evaluation"
        return Layer("batchnorm", tuple((k, modes if k == "statistics" else v) for k, v in layer.settings))
    return layer


def of(module: nn.Module, images: torch.Tensor, training: bool = False) -> Network:
    """Layers of a trusted reference network, recorded as a student's is."""
    was_training = module.training
    module.train(training)
    recorded = tracing.record(module, images.clone())
    module.train(was_training)
    return network(recorded.document(), global_pools=False)
