"""What a box sends is bounded before it is made: each kind of frame that takes long, or much memory, is refused at once."""

import json
import resource
import time
from collections.abc import Callable

import pytest
import torch
from safetensors.torch import save

from autograder.inside import channel
from autograder.inside.effects import MOST_EVENTS
from autograder.runs.frames import Malformed, parse_frame

EMPTY = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
NODE = {"op": "aten.relu.default", "args": [], "kwargs": {}, "shapes": [[1]]}


def document(**values: object) -> bytes:
    return json.dumps({"event": "evidence", "name": "x", "document": values}).encode()


def header(entries: bytes) -> bytes:
    return len(entries).to_bytes(8, "little") + entries


FRAMES: dict[str, tuple[Callable[[], tuple[bytes, bytes]], str]] = {
    "unclosed texts": (lambda: (b'{"a":' + b"," * 600_000 + rb"\"" * 600_000, b""), "Error|values"),
    "one unclosed text": (lambda: (b'{"a": "' + rb"\"" * 600_000 + b"," * 600_000, b""), "Error|values"),
    "unclosed and escaped": (lambda: (b'{"a":' + b"," * 600_000 + rb'\\" \" ' * 200_000, b""), "Error|values"),
    "long numbers": (lambda: (document(shape=[int("9" * 4_290)] * 500), b""), "4,290 digits"),
    "one long number": (lambda: (document(nodes=[NODE | {"shapes": [[-int("9" * 41)]]}]), b""), "42 digits"),
    "large tensors": (lambda: (document(args=[{"param": "w", "shape": [40_000, 40_000, 3, 3]}]), b""), "the shape"),
    "a large result": (lambda: (document(nodes=[NODE | {"shapes": [[4, 40_000], [40_000, 40_000]]}]), b""), "shape"),
    "many dimensions": (lambda: (document(shapes=[[1] * 17]), b""), "shape"),
    "many events": (lambda: (document(events=[{"event": "forward"}] * 120_000), b""), "'events' of 120,000"),
    "many operations": (lambda: (document(evaluation={"nodes": [NODE] * 2_001}), b""), "'nodes' of 2,001"),
    "many rows": (lambda: (document(calls=[[1, 2]] * 4_001), b""), "'calls' of 4,001"),
    "many numbers": (lambda: (document(losses=[0.5] * 200_001), b""), "'losses' of 200,001"),
    "a long text": (lambda: (document(problem="x" * 8_000_001), b""), "8,000,001 characters"),
    "many values": (lambda: (document(a=[[0.5] * 150_000] * 4), b""), "500,000 values"),
    "many tensors": (lambda: (b"{}", save({f"{number}": torch.empty(0) for number in range(4_001)})), "4,000 tensors"),
    "very many tensors": (
        lambda: (b"{}", header(b"{" + b",".join(EMPTY % number for number in range(300_000)) + b"}")),
        "describe its tensors",
    ),
    "tensors of many dimensions": (lambda: (b"{}", save({"a": torch.ones([1] * 17)})), "17 dimensions|16 dimensions"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_no_honest_run_sends_is_refused_at_once(name: str) -> None:
    make, said = FRAMES[name]
    text, blob = make()
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(Malformed, match=said):
        parse_frame(text, blob)
    assert time.process_time() - begun < 2.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KiB"


def test_what_the_box_itself_sends_is_within_the_bounds() -> None:
    sent = channel.plain(
        {
            "digits": 10**300,
            "size": 2**64,
            "events": [{"event": "step"}] * MOST_EVENTS,
            "losses": [0.1] * 60_000,
        }
    )
    assert sent["digits"] == "<a number of 997 bits>"
    assert parse_frame(json.dumps(sent).encode(), b"")[0] == sent


def test_code_in_a_text_is_no_structure() -> None:
    sent = {"source": 'f"{[1, 2]}", ' * 300_000}
    assert parse_frame(json.dumps(sent).encode(), b"")[0] == sent
