"""Compute a recorded network again, to see whether its operations gave the outputs that were sent with it.

A recording is the box's account of what ran, and layers are credited by it. Here the weights that the box drew are put into
the recorded operations, in the order in which these use them, and images follow from the seed. What comes out is what was
sent, unless something else ran.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..inside import trace
from ..inside.recorder import SameNoise, Trace
from ..runs.evidence import Spent
from .replay import NotReplayable, Program

WEIGHTS = 100_000_000  # elements of all parameters and buffers that a recording claims, which are made here
TOLERANCE = 1e-3  # of the largest magnitude for an image: sums in another order differ by less


class _Recorded(nn.Module):
    """The recorded operations of both modes as one network, which can be recorded and filled as the student's was.

    Args:
        passes: the recording and the wanted results, references to its nodes, for ``evaluation`` and ``training``.
        learned: the names of the network's parameters; other tensors of its own are buffers.
        sent: ``buffer.<name>`` and ``<pass>.const.<number>`` as they came from the box.
        spent: see :class:`autograder.networks.replay.Program`.
    """

    def __init__(
        self, passes: dict[str, tuple[dict[str, Any], Any]], learned: set[str], sent: dict[str, Tensor], spent: Spent
    ) -> None:
        super().__init__()
        self._programs = {name: Program(document | {"output": end}, {}, spent) for name, (document, end) in passes.items()}
        self._constants = {
            name: {key.removeprefix(f"{name}."): value for key, value in sent.items() if key.startswith(f"{name}.const.")}
            for name in passes
        }
        self._places: dict[str, str] = {}
        nodes = [node for document, _ in passes.values() for node in document["nodes"]]
        shapes = {
            str(value["param"]): value["shape"] for node in nodes for value in trace.references(node) if "param" in value
        }
        if sum(torch.empty(shape, device="meta").numel() for shape in shapes.values()) > WEIGHTS:
            raise NotReplayable("its weights are too large together")
        for number, (name, shape) in enumerate(shapes.items()):
            place = self._places[f"param.{name}"] = f"tensor_{number}"
            value = sent.get(f"buffer.{name}")
            if value is None:
                value = torch.zeros(shape)
            if name in learned and value.is_floating_point():
                self.register_parameter(place, nn.Parameter(value.clone()))
            else:
                self.register_buffer(place, value.clone())

    def forward(self, images: Tensor) -> Any:
        """What the operations of the present mode give."""
        name = "training" if self.training else "evaluation"
        own = {name: getattr(self, place) for name, place in self._places.items()}
        return self._programs[name].computed(images, own | self._constants[name])


def contradiction(
    document: dict[str, Any], tensors: dict[str, Tensor], seed: int, images: Tensor, spent: Spent
) -> str | None:
    """In which mode the recorded operations do not give what was sent with them, if in any.

    Args:
        document, tensors: what :func:`autograder.inside.networks.describe` gave for ``images`` (N, C, H, W) and ``seed``.

    Raises:
        NotReplayable: the operations cannot be computed here, so nothing can be said.
    """
    both = {name: _results(document[name], name) for name in ("evaluation", "training")}
    wanted = {name: results for name, results in both.items() if results}  # what no image passes credits no layer
    learned = {str(parameter["name"]) for parameter in document["parameters"]}
    passes = {name: (document[name], list(results.values())) for name, results in wanted.items()}
    network = _Recorded(passes, learned, tensors, spent)
    if "evaluation" in wanted:
        trace.fill(_recorded(network, images, broken=document["evaluation"]["output"] is None), network, seed)
    for name, results in wanted.items():
        network.train(name == "training")
        with torch.random.fork_rng(devices=[]), torch.no_grad(), SameNoise():
            torch.default_generator.manual_seed(seed)
            computed = network(images.clone())
        if not all(same(tensors.get(key), value) for key, value in zip(results, computed, strict=True)):
            return name
    return None


def _results(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The recording's output, or where it broke off the results that nothing used, by the names of the tensors sent."""
    if document["output"] is not None:
        return {name: document["output"]}
    return {f"{name}.end.{index}": {"node": index, "out": 0} for index in trace.ends(document["nodes"])}


def _recorded(network: _Recorded, images: Tensor, broken: bool) -> Trace:
    """The operations of ``network`` in evaluation mode, recorded as in the box."""
    network.train(False)
    with torch.no_grad():
        found = trace.record(network, images.clone())
    if found.problem is not None:
        raise NotReplayable(found.problem)
    if broken:  # then all that ran counts, as in the box
        found.output = None
    return found


def same(sent: Tensor | None, computed: Tensor) -> bool:
    """Equal image by image within ``TOLERANCE``, and not finite at the same places."""
    if sent is None or sent.shape != computed.shape:
        return False
    if not computed.numel():
        return True
    rows = len(sent) if sent.ndim else 1
    sent, computed = sent.reshape(rows, -1).double(), computed.reshape(rows, -1).double()
    finite = torch.isfinite(computed)
    scale = computed.where(finite, 0.0).abs().amax(1, keepdim=True).clamp(min=1e-6)
    near = (sent - computed).abs() <= TOLERANCE * scale
    alike = (sent == computed) | (sent.isnan() & computed.isnan())
    return bool(torch.where(finite, near, alike).all())
