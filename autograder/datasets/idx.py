"""Reads and writes IDX files of unsigned bytes, the format of MNIST and Fashion-MNIST.

IDX: two zero bytes, 0x08 for unsigned byte, the number of dimensions, each dimension as a big-endian 32-bit
integer, then the data in row-major order.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

MAGIC = b"\0\0\x08"


def read_idx(path: Path) -> Tensor:
    """Read an IDX file as a uint8 tensor of the shape its header states; ValueError for anything else."""
    content = bytearray(path.read_bytes())
    dimensions = content[3] if len(content) > 3 and content[:3] == MAGIC else 0
    start = 4 + 4 * dimensions
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4)]
    if not dimensions or len(content) != start + math.prod(shape) or not math.prod(shape):
        raise ValueError(f"{path} is not a complete IDX file of unsigned bytes")
    return torch.frombuffer(content, dtype=torch.uint8, offset=start).reshape(shape)


def write_idx(path: Path, values: Tensor) -> None:
    """Write a tensor of integers in 0..255, of any shape, as an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    path.write_bytes(MAGIC + bytes([values.dim()]) + sizes + values.to(torch.uint8).contiguous().numpy().tobytes())
