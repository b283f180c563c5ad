"""Send evidence out of the box: frames of one JSON document and one safetensors blob over a single pipe.

Frame: two unsigned 64-bit big-endian lengths (JSON, blob), then the bytes of each. The blob may be empty.
"""

from __future__ import annotations

import json
import math
import os
import struct
from typing import Any

import torch
from safetensors.torch import save

HEADER = struct.Struct(">QQ")
MOST_BITS = 128  # of a whole number; reading a longer one takes a parser quadratic time


def plain(value: Any) -> Any:
    """``value`` as strict JSON: floats that are not finite become strings such as ``"nan"``, other objects their type."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"<a number of {value.bit_length():,} bits>"
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return f"<{type(value).__name__}>"


class Channel:
    """The writing end of the evidence pipe."""

    def __init__(self, descriptor: int, marks: dict[str, Any] | None = None) -> None:
        """Write to ``descriptor``; ``marks`` are added to each document."""
        self._descriptor = descriptor
        self._marks = marks or {}
        self._write = os.write

    def send(self, document: dict[str, Any], tensors: dict[str, torch.Tensor] | None = None) -> None:
        """Send one frame; tensors travel as contiguous copies on the CPU."""
        # A student may print half of a surrogate pair, which is a str in Python and no text in UTF-8.
        text = json.dumps(plain(document | self._marks), allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")
        blob = b""
        if tensors:
            # save() refuses tensors that share storage, and a student's tensors may: copy each.
            blob = save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()})
        self.forward(HEADER.pack(len(text), len(blob)) + text + blob)

    def forward(self, frames: bytes) -> None:
        """Send frames as they are."""
        view = memoryview(frames)
        while view:
            view = view[self._write(self._descriptor, view) :]


def whole_frames(data: bytes) -> bytes:
    """``data`` without a last frame that was cut off."""
    end = 0
    while end + HEADER.size <= len(data):
        length = HEADER.size + sum(HEADER.unpack_from(data, end))
        if end + length > len(data):
            break
        end += length
    return data[:end]
