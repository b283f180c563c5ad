"""Compare a student's network, as a probe recorded it, with an assignment's reference network.

A network whose outputs agree with the reference's for weights and images drawn at grading time *is* the reference's
function, whatever its style. Where it does not agree, the aligned layers say what is right and what is not.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict, TypeVar, cast

import torch

from ..inside import trace
from ..outcomes import Place
from ..runs.evidence import Evidence
from ..runs.keys import of_figure
from . import architecture, confirmed
from .alignment import Alignment, align, align_from_the_front
from .architecture import Network
from .declared import declared
from .known import Make, Reference, known, source_of
from .layers import USUAL, Layer, cause_of, differences, differing

NO_LIBRARY = "that library is not there when it is graded; use those that the notebook imports"


class Complaint(AssertionError):
    """A hidden test's finding, in the words that the student reads.

    ``place`` is where in the student's notebook, if that is known; ``stopped_by`` the cell whose error kept the test from
    judging the answer.
    """

    def __init__(
        self, observed: object, expected: object, cause: str = "", *, place: Place | None = None, stopped_by: str = ""
    ) -> None:
        self.observed, self.expected, self.cause = str(observed), str(expected), cause
        self.place, self.stopped_by = place, stopped_by
        text = f"observed: {self.observed}; expected: {self.expected}"
        super().__init__(f"{text}; likely cause: {cause}" if cause else text)


def require(right: bool, observed: object, expected: object, cause: str = "") -> None:
    """Raise :class:`Complaint` unless ``right``."""
    if not right:
        raise Complaint(observed, expected, cause)


def require_finished(evidence: Evidence, probe: str) -> None:
    """Complain if the answer cell stopped with an error when ``probe`` ran it again.

    Raises:
        NotShown: it stopped with one the first time, too.
        Complaint: it stopped only then.
    """
    found, error = evidence.record.found.get(probe), _error(evidence, probe)
    if found is not None and evidence.record.failed(found.cell):
        raise evidence.not_shown(found.cell)
    if error:
        raise Complaint(_stop(error), "a cell that runs to its end", _lacking(error), **_where(evidence, probe, error))


def _error(evidence: Evidence, probe: str) -> dict[str, Any] | None:
    found = evidence.record.found.get(probe)
    return (found.document.get("error") or None) if found else None


class _Where(TypedDict):
    place: Place | None
    stopped_by: str


def _where(evidence: Evidence, probe: str, error: dict[str, Any]) -> _Where:
    """Where it stopped; an error that the cell has by itself, too, is told once for all that depends on it."""
    cell, line = evidence.record.found[probe].cell, error.get("line")
    place = Place(cell=cell, line=line if isinstance(line, int) else None) if cell else None
    return {"place": place, "stopped_by": cell if evidence.record.failed(cell) else ""}


def _stop(error: dict[str, Any]) -> str:
    return f"the cell stopped with {error['ename']}: {error['evalue']}"


def _lacking(error: dict[str, Any]) -> str:
    return NO_LIBRARY if error["ename"] == "ModuleNotFoundError" else ""


Judging = TypeVar("Judging", bound=Callable[..., Any])


def up_to_an_error(probe: str) -> Callable[[Judging], Judging]:
    """Decorate a hidden test or fixture that judges what ``probe`` saw of a cell, so that complaints tell the cell's error.

    What the cell had done by then counts: lines below a right answer that fail, on a stand-in perhaps, take nothing from it.
    It must take ``evidence``.
    """

    def decorate(judge: Judging) -> Judging:
        @functools.wraps(judge)
        def judged(**fixtures: Any) -> Any:
            try:
                return judge(**fixtures)
            except Complaint as complaint:
                evidence = fixtures["evidence"]
                error = _error(evidence, probe)
                if not error:
                    raise
                cause = _lacking(error) or " or ".join(filter(None, ("the error", complaint.cause)))
                observed = f"{_stop(error)}; until then: {complaint.observed}"
                raise Complaint(observed, complaint.expected, cause, **_where(evidence, probe, error)) from None

        return cast(Judging, judged)

    return decorate


@dataclass
class Comparison:
    """A student's network beside the reference's."""

    executed: Network
    training: Network
    declared: dict[str, Layer]
    expected: list[Layer]
    alignment: Alignment
    equal: bool  # outputs agree, in evaluation mode and in training mode
    output_shape: list[int] | None
    images: int = 0  # in the batch
    outputs: int = 1  # how many values forward returns
    single_shape: list[int] | None = None  # of the output for a batch of one
    single_problem: str | None = None
    independent: bool = True  # whether that output is the one that the image has in the batch

    def layer(self, index: int, attribute: str = "") -> Layer | None:
        """The student's counterpart of a reference layer: as executed, else as declared under ``attribute``.

        Where the forward pass broke off, layers further on count as they were declared, in their order.
        """
        found = self.alignment.matched[index] or self.declared.get(attribute)
        if found is None and self.executed.problem:
            return align(list(self.declared.values()), self.expected).matched[index]
        return found

    def require_layer(
        self, index: int, attribute: str = "", settings: Collection[str] | None = None, cause: str = ""
    ) -> None:
        """Complain unless the layer has the reference's values of ``settings`` (None: all) and of those that nobody names.

        Args:
            cause: in place of what the settings that differ say.

        Raises:
            Complaint: no such layer, or a setting differs.
        """
        if self.equal:
            return
        expected, found = self.expected[index], self.layer(index, attribute)
        if found is None:
            likely = f"{attribute or 'it'} is not defined or not used"
            if any(layer.kind == expected.kind for _, layer in self.alignment.extra):
                likely = "it stands in another place"
            elif instead := self._instead(index):
                likely = cause or f"{' and '.join(instead)} in its place"
            raise Complaint(self.missing(index), expected.describe(), likely)
        if found.kind != expected.kind:
            raise Complaint(found.describe(), expected.describe(), cause or cause_of(found, expected, ()))
        self._require_settings(found, expected, settings, cause)

    @staticmethod
    def _require_settings(found: Layer, expected: Layer, settings: Collection[str] | None, cause: str) -> None:
        asked = ((key, value) for key, value in expected.settings if settings is None or key in settings or key in USUAL)
        wanted = Layer(expected.kind, tuple(asked))
        wrong = differing(found, wanted)
        observed = f"{found.describe()}: {'; '.join(differences(found, wanted))}"
        if not cause or USUAL.issuperset(wrong):
            cause = cause_of(found, expected, wrong)
        require(not wrong, observed, expected.describe(), cause)

    def missing(self, index: int) -> str:
        """What to say when a layer is not there: where it should stand, since there may be others of its kind elsewhere."""
        before = next((layer for layer in reversed(self.alignment.matched[:index]) if layer is not None), None)
        place = f"after {before.describe()}" if before else "in the forward pass"
        instead = self._instead(index)
        found = f"; in its place {', '.join(instead)}" if instead else ""
        return f"no {self.expected[index].describe()} {place}{found}{self.stopped()}"

    def _instead(self, index: int) -> list[str]:
        """What the student's network does where the reference's layer ``index``, which it does not have, would stand."""
        return [layer.describe() for place, layer in self.alignment.extra if place in (index, index + 1)]

    def output(self) -> str:
        """The shape of the output, or why there is none."""
        return f"shape {tuple(self.output_shape)}" if self.output_shape is not None else f"no output{self.stopped()}"

    def shape_cause(self, otherwise: str) -> str:
        """Why a forward pass broke off at a fully connected layer, as far as its sizes tell; else ``otherwise``."""
        sizes = re.search(r"mat1 and mat2 shapes .* \((\d+)x(\d+) and (\d+)x", self.executed.problem or "")
        if sizes is None:
            return otherwise
        rows, columns, expected = map(int, sizes.groups())
        if rows == self.images:
            return f"the fully connected layer is made for {expected} values of an image, and gets {columns}"
        if rows * columns == self.images * expected:
            return "each image must become one row of values: flatten all dimensions but the first"
        return otherwise

    def stopped(self) -> str:
        """Where the forward pass broke off, as a clause to append."""
        return f" (forward stopped with {self.executed.problem})" if self.executed.problem else ""

    def require_used(self, index: int, cause: str) -> None:
        """Complain unless the forward pass executes the reference's layer ``index`` on the way to its output."""
        if self.equal:
            return
        found, expected = self.alignment.matched[index], self.expected[index]
        cause = self.shape_cause("forward stops before it; correct that first") if self.executed.problem else cause
        require(found is not None, f"{self.sequence()}{self.stopped()}", self.expected_sequence(), cause)
        if found is not None and found.kind == expected.kind:
            self._require_settings(found, expected, (), "")

    def require_nothing_between(self, first: int, last: int, cause: str) -> None:
        """Complain if the student's network does something more between reference layers ``first`` and ``last``."""
        extra = [layer for place, layer in self.alignment.extra if first < place <= last]
        if extra and not self.equal:
            names = ", ".join(layer.describe() for layer in extra)
            raise Complaint(f"also {names}: {self.sequence()}", self.expected_sequence(), cause)

    def require_wired(self) -> None:
        """Complain where every layer is the reference's and the network is not: it is connected in another way."""
        if self.equal or self.alignment.extra:
            return
        pairs = list(zip(self.alignment.matched, self.expected, strict=True))
        if any(found is None or found.kind != expected.kind or differences(found, expected) for found, expected in pairs):
            return
        if (cut := self.training.cut) is not None or not self.training.learns:
            observed = f"no gradient comes back to {cut.describe() if cut else 'the weights'}"
            cause = "detach(), .data or torch.no_grad() in forward, behind this layer"
            raise Complaint(observed, "a gradient for each weight of the network", cause)
        raise Complaint(
            f"all layers are right, the outputs are not: {self.sequence()}",
            self.expected_sequence(),
            "a layer is fed by another one than the layer before it, is used twice, or has a setting of its own (eps)",
        )

    def sequence(self) -> str:
        """The student's layers in one line."""
        shown = self.training if self.training.layers and not self.training.problem else self.executed
        return " -> ".join(layer.describe().split(",")[0] for layer in shown.layers) or "no layer at all"

    def expected_sequence(self) -> str:
        """The reference's layers in one line."""
        return " -> ".join(layer.describe().split(",")[0] for layer in self.expected)


def compare(
    evidence: Evidence, reference: Make, images: tuple[int, ...], *, probe: str, cell: str, confirm: bool = True
) -> Comparison:
    """Compare what ``probe`` collected after ``cell`` with ``reference`` for random images of the shape ``images``.

    Several hidden tests may ask for the same; it is computed once.

    Args:
        reference: makes the reference network, for example a class or a function; it is recorded at its first use.
        confirm: that a network which is not the reference is the one that was recorded, since its layers count for
            themselves; one that is compared with several references is confirmed by the caller, see :func:`require_run`.

    Raises:
        NotShown: the probe found no network. Complaint, NotReplayable: see :func:`require_run`.
    """
    key = ("compared", probe, cell, reference, images, confirm)
    if key not in evidence.judged:
        evidence.judged[key] = _compared(evidence, reference, images, probe, cell, confirm)
    found: Comparison = evidence.judged[key]
    return found


def _compared(evidence: Evidence, make: Make, images: tuple[int, ...], probe: str, cell: str, confirm: bool) -> Comparison:
    reference = known(make, images)
    document, wanted = evidence.document(probe, cell), reference.network
    # Average pooling over everything is written in several ways; the reference's is the one to compare with.
    global_pools = any(layer.kind == "adaptive_avgpool2d" for layer in wanted.layers)
    executed = architecture.network(document["evaluation"], global_pools)
    training = architecture.network(document["training"], global_pools)
    found = architecture.both_modes(training, executed)
    if (
        found.problem and not found.layers and not declared(document["modules"])
    ):  # it broke off before there was anything to judge
        raise evidence.not_shown(cell, found.problem)
    alignment = (align_from_the_front if found.problem else align)(found.layers, wanted.layers)
    agrees = partial(_agrees, evidence, reference, images, probe, found)
    source = source_of(make)
    if source is not None:
        name = f"{probe} agrees with {make.__qualname__} for {images}"
        agrees = partial(evidence.notes.once, name, of_figure(source), agrees)
    equal = found.learns and agrees()
    if confirm and not equal:
        require_run(evidence, images, probe=probe, cell=cell)
    return Comparison(
        executed=executed,
        training=training,
        declared=declared(document["modules"]),
        expected=wanted.layers,
        alignment=alignment,
        equal=equal,
        output_shape=document["evaluation"]["output_shape"],
        images=images[0],
        outputs=document.get("outputs") or 1,
        single_shape=document.get("single_shape"),
        single_problem=document.get("single_problem"),
        independent=_independent(evidence.tensor(probe, "single"), evidence.tensor(probe, "evaluation")),
    )


def _independent(alone: torch.Tensor | None, among: torch.Tensor | None) -> bool:
    """Whether the first image has the same output alone as in the batch; where it has none alone, that is told by itself."""
    return alone is None or among is None or close(alone.flatten(), among[:1].flatten())


def require_run(evidence: Evidence, images: tuple[int, ...], *, probe: str, cell: str) -> None:
    """Complain unless the operations that ``probe`` recorded give the outputs that it sent with them.

    Raises:
        NotShown: the probe found no network. Complaint: they give something else.
        NotReplayable: they cannot be computed here; that is the grader's limit, and no verdict on a student.
    """
    seed = evidence.record.seed
    drawn = trace.drawn_images(seed, images)
    document, tensors = evidence.document(probe, cell), evidence.tensors_of(probe)
    mode = confirmed.contradiction(document, tensors, seed, drawn, evidence.spent)
    require(
        mode is None,
        f"outputs in {mode} mode that the operations recorded with them do not give",
        "outputs of the network that was recorded",
        "forward does not do the same for the same input, or the evidence was not collected from this network",
    )


def _agrees(evidence: Evidence, reference: Reference, images: tuple[int, ...], probe: str, found: Network) -> bool:
    """Whether outputs agree in both modes.

    Dropout that is written by hand draws other random numbers: then outputs in evaluation mode and the same chain of
    layers decide.
    """
    seed, wanted = evidence.record.seed, reference.network
    for mode, expected in reference.outputs(trace.drawn_images(seed, images), seed):
        given = evidence.tensor(probe, mode)
        if given is None or given.shape != expected.shape:
            return False
        # Image by image, since they differ in scale, and tighter than for what is trained: a leaky ReLU before a max pooling
        # differs by 5e-4, float32 sums by 1e-6.
        if not all(close(*pair, 1e-4) for pair in zip(given, expected, strict=True)):
            same = found.chain and found.layers == wanted.layers
            return mode == "training" and same and any(layer.kind == "dropout" for layer in wanted.layers)
    return True


def close(found: torch.Tensor, wanted: torch.Tensor, tolerance: float = 1e-3) -> bool:
    """Equal within ``tolerance`` of the largest expected magnitude, everywhere finite."""
    if found.shape != wanted.shape or not wanted.numel():
        return found.shape == wanted.shape
    scale = max(1.0, float(wanted.abs().max()))
    # What is not finite in one of them makes the difference so, unless it is in the other too.
    return math.isfinite(scale) and bool((found.float() - wanted.float()).abs().max() <= tolerance * scale)
