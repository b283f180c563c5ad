"""Random networks in random styles: each equals its own reference, and none equals a reference with one thing changed.

``EXAMPLES=2000 pytest tests/test_properties.py`` looks at that many networks drawn afresh; without it the same
networks are drawn each time.
"""

import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import torch
from hypothesis import assume, given, note
from styles import Step, made, plain, shapes, written
from torch import nn
from trials import bounded

from autograder.inside import networks, trace
from autograder.inside.channel import plain as plain_json
from autograder.networks.comparison import Comparison, Complaint, compare
from autograder.networks.layers import Layer, differences
from autograder.networks.replay import Program
from autograder.runs.evidence import Evidence, Found, Record
from autograder.runs.frames import parse_frame

IMAGES = (4, 1, 12, 12)
SEED = 11


BEHIND_A_CONVOLUTION = [["relu"], ["batchnorm", "relu"], ["relu", "batchnorm"], [], ["tanh"], ["batchnorm", "leaky"]]


@st.composite
def networks_as_steps(draw: st.DrawFn) -> list[Step]:
    """Legal convolutional networks for images (4, 1, 12, 12): blocks, then flatten or global pooling, then linear layers."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([3, 5, 1, 2, 4]))
        block: list[Step] = [
            (
                "conv",
                {
                    "out": draw(st.sampled_from([8, 6, 12])),
                    "kernel": kernel,
                    "stride": draw(st.sampled_from([1, 1, 2])),
                    "padding": draw(st.sampled_from([kernel // 2, 0, 1, 2])),
                    "dilation": draw(st.sampled_from([1, 1, 1, 2])),
                    "groups": draw(st.sampled_from([1, 1, 1, 2])),
                    "bias": draw(st.sampled_from([True, True, False])),
                },
            )
        ]
        block += draw(
            st.sampled_from(
                [["relu"], ["batchnorm", "relu"], ["relu", "batchnorm"], [], ["tanh"], ["batchnorm", "leaky"]]
            ).map(lambda kinds: [(kind, {}) for kind in kinds])
        )
        if draw(st.booleans()):
            kind, window = draw(st.sampled_from(["maxpool", "avgpool"])), draw(st.sampled_from([2, 3]))
            block.append((kind, {"kernel": window, "stride": draw(st.sampled_from([2, window, 1])), "padding": 0}))
        if draw(st.booleans()):
            block.append(("dropout", {"p": draw(st.sampled_from([0.25, 0.5, 0.1]))}))
        steps += block if shapes([*steps, *block], IMAGES) is not None else []
    assume(steps)
    steps += draw(st.sampled_from([[("flatten", {})], [("global", {}), ("flatten", {})]]))
    for out in draw(st.lists(st.sampled_from([16, 12]), max_size=2)):
        steps.append(("linear", {"out": out, "bias": draw(st.sampled_from([True, True, False]))}))
        steps += [(kind, {}) for kind in draw(st.sampled_from([["relu"], ["batchnorm", "relu"], ["relu", "batchnorm"]]))]
        if draw(st.booleans()):
            steps.append(("dropout", {"p": 0.5}))
    return [*steps, ("linear", {"out": 10, "bias": True})]


def evidence_of(make: Callable[[], nn.Module]) -> Evidence:
    """What a probe sends of a network, through the form in which it travels."""
    torch.manual_seed(0)
    found = networks.describe(make, SEED, IMAGES)
    document, _ = parse_frame(json.dumps(plain_json(found.document)).encode(), b"")
    record = Record(seed=SEED, profile="quick", isolation="none", versions={}, found={"network": Found(document=document)})
    return Evidence(record, {f"network/{name}": tensor.detach() for name, tensor in found.tensors.items()})


def compared(source: str, steps: list[Step]) -> Comparison:
    """The network of a source text beside the steps as their reference; both are printed if a property fails."""
    note(source)
    note(f"reference: {plain(steps, IMAGES)}")
    return compare(evidence_of(made(source)), made(plain(steps, IMAGES)), IMAGES, probe="network", cell="answer")


def wrong_at(found: Comparison) -> set[int]:
    """Indices of the reference's layers that the student's network does not have in the same form."""
    return {k for k, (a, b) in enumerate(zip(found.alignment.matched, found.expected, strict=True)) if a != b}


@bounded(100)
@given(steps=networks_as_steps(), data=st.data())
def test_a_network_in_any_style_is_its_reference(steps: list[Step], data: st.DataObject) -> None:
    source = written(steps, IMAGES, lambda options: data.draw(st.sampled_from(options)))
    found = compared(source, steps)
    assert found.executed.problem is None
    assert found.equal
    assert "stack" in source or (found.alignment.matched, found.alignment.extra) == (found.expected, [])
    found.require_wired()
    for index in range(len(found.expected)):
        found.require_used(index, "")


CHANGES: dict[str, dict[str, list[Any]]] = {
    "conv": {
        "kernel": [1, 2, 3, 4, 5],
        "stride": [1, 2, 3],
        "padding": [0, 1, 2, 3],
        "out": [6, 8, 12, 14],
        "dilation": [1, 2],
        "groups": [1, 2],
        "bias": [True, False],
    },
    "maxpool": {"kernel": [2, 3, 4], "stride": [1, 2, 3], "padding": [0, 1]},
    "avgpool": {"kernel": [2, 3, 4], "stride": [1, 2, 3], "padding": [0, 1]},
    "dropout": {"p": [0.1, 0.25, 0.4, 0.5]},
    "linear": {"out": [9, 10, 12, 14, 16], "bias": [True, False]},
}
OTHER_KIND = {
    "maxpool": ["avgpool"],
    "avgpool": ["maxpool"],
    "relu": ["tanh", "leaky", "elu", "relu6"],
    "tanh": ["relu", "elu"],
    "leaky": ["relu", "elu"],
}
REMOVABLE = {"relu", "tanh", "leaky", "batchnorm", "dropout", "maxpool", "avgpool"}


def one_change(steps: list[Step]) -> list[tuple[int, str, list[Step]]]:
    """All networks that differ from ``steps`` in one thing: the step's place, what was done to it, the new steps."""
    changed: list[tuple[int, str, list[Step]]] = []
    for place, (kind, s) in enumerate(steps):
        before, after = steps[:place], steps[place + 1 :]
        for name, values in CHANGES.get(kind, {}).items():
            for value in values:
                if value != s[name]:
                    changed.append((place, name, [*before, (kind, s | {name: value}), *after]))
        for other in OTHER_KIND.get(kind, []):
            # Behind a tanh nothing is large, and ReLU6 is ReLU there.
            if other != "relu6" or "tanh" not in [earlier for earlier, _ in before]:
                changed.append((place, "kind", [*before, (other, s), *after]))
        if kind in REMOVABLE:
            changed.append((place, "missing", [*before, *after]))
        if {kind, steps[place + 1][0] if after else ""} == {"relu", "batchnorm"}:
            changed.append((place, "order", [*before, after[0], (kind, s), *after[1:]]))
    return [(place, name, new) for place, name, new in changed if differs(place, name, steps, new)]


def differs(place: int, name: str, steps: list[Step], new: list[Step]) -> bool:
    """Whether the changed network is legal, and another function: a stride where there is one place only is none."""
    before, after = shapes(steps, IMAGES), shapes(new, IMAGES)
    if before is None or after is None:
        return False
    one_place = before[place + 1][1:] == after[place + 1][1:] == (1, 1)
    single = {"stride": one_place, "dilation": steps[place][1].get("kernel") == 1}
    return not single.get(name, False)


@bounded(150)
@given(steps=networks_as_steps(), data=st.data())
def test_one_change_makes_another_network_and_is_named(steps: list[Step], data: st.DataObject) -> None:
    changes = one_change(steps)
    assume(changes)
    place, name, new = data.draw(st.sampled_from(changes))
    note(f"changed: {name} of step {place}, {steps[place]}")
    found = compared(written(new, IMAGES, lambda options: data.draw(st.sampled_from(options))), steps)
    assert found.executed.problem is None
    assert not found.equal
    index = len([kind for kind, _ in steps[:place] if kind != "flatten"])  # of the changed layer
    wrong, touched = wrong_at(found), {index, index + 1} if name == "order" else {index}
    assert wrong & touched
    for other in wrong - touched:  # layers behind it take what it gives
        matched = found.alignment.matched[other]
        assert matched is not None
        assert other > index
        assert {phrase.rpartition(" ")[0] for phrase in consequences(matched, found.expected[other])} == set()
    first = min(wrong & touched)
    said = complaint(found, first)
    assert said is not None
    assert found.expected[first].describe().split(",")[0] in said.expected


def complaint(found: Comparison, index: int) -> Complaint | None:
    try:
        found.require_used(index, "")
        found.require_layer(index, "", tuple(key for key, _ in found.expected[index].settings), "")
    except Complaint as said:
        return said
    return None


def consequences(found: Layer, expected: Layer) -> list[str]:
    """Differences of a layer other than in the size of what comes in."""
    names = ("input size", "features")
    return [phrase for phrase in differences(found, expected) if not phrase.startswith(names)]


@bounded(60)
@given(steps=networks_as_steps(), data=st.data())
def test_replay_gives_the_outputs_of_the_network_for_other_images(steps: list[Step], data: st.DataObject) -> None:
    source = written(steps, IMAGES, lambda options: data.draw(st.sampled_from(options)))
    note(source)
    torch.manual_seed(1)
    network = networks.filled(made(source), SEED, IMAGES)
    found = networks.trained(network, SEED, IMAGES)
    document, _ = parse_frame(json.dumps(plain_json(found.document)).encode(), b"")
    program = Program(document["program"], {name: tensor.detach() for name, tensor in found.tensors.items()})
    for seed in (SEED, SEED + 1):
        images = trace.drawn_images(seed, IMAGES)
        with torch.no_grad():
            output = network(images.clone())
        expected = output[0] if isinstance(output, tuple) else output
        given_by_program = program(images)
        assert torch.allclose(given_by_program, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
