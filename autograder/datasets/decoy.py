"""Builds the data folder that the sandbox sees: the real training set, and a decoy in place of the test set.

A decoy image is a training image after a small random affine change, so student code can neither train on
nor memorise the images that decide the grade. The decoy set has the size and the class counts of the real
test set, and must be no harder for a network at any stage of training, or a right answer would fail visible
checks. Measured accuracy in percent, after some epochs of Adam (1e-3, batch 128) on the first N training
images: the mean over seeds, and in brackets the smallest difference that any seed saw:

    set            network       N       epochs   real    decoys
    MNIST          CNN           20,000     1     93.75   94.58  (+0.73)
    MNIST          CNN           20,000     2     96.39   96.79  (+0.11)
    MNIST          CNN           60,000     2     98.15   98.30  (+0.11)
    MNIST          CNN           60,000     4     98.70   99.02  (+0.07)
    MNIST          784-100-10    20,000     2     90.61   92.16  (+1.20)
    MNIST          784-10        20,000     2     89.83   91.06  (+1.13)
    Fashion-MNIST  CNN           20,000     1     77.51   78.41  (+0.43)
    Fashion-MNIST  CNN           20,000     2     81.82   82.94  (+1.00)
    Fashion-MNIST  784-100-10    20,000     2     82.42   84.15  (+1.28)
    Fashion-MNIST  784-10        20,000     2     81.23   82.73  (+1.23)

CNN: convolutions 1-8-16 of 5x5, each with ReLU and 2x2 pooling, then 784-64-10. Three seeds, two for 60,000
images; torch 2.15.0 on two x86-64 cores.

A network that knows its training images by heart does better still on decoys, so they flatter one that
overfits: on them, do not compare networks with and without regularisation.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.datasets.data import (
    DatasetName,
    cache_folder,
    dataset_folder,
    exclusive,
    not_genuine,
    raw_folder,
    read_split,
)
from autograder.datasets.sources import DATASETS, Dataset

if TYPE_CHECKING:
    from torch import Tensor

VERSION = "sandbox-v1"
"""Names the folder; to be changed with anything below that changes a pixel."""

POOL = 10_000
"""Decoys are made from the first POOL training images, so a run on part of the set has trained on them."""

MAX_DEGREES, MAX_PIXELS, MAX_SCALING = 1.5, 0.25, 0.015

ODD_FRACTION = {"mnist": 0.05, "fashion_mnist": 0.0}
"""Fraction of each class, the images furthest from the class mean, that makes no decoys. To a network that
has just begun to learn MNIST, training images are barely easier than test images; interpolated, harder."""


def sandbox_folder(name: DatasetName) -> Path:
    """A torchvision root without one real test image: `torchvision.datasets.MNIST(root=...)` reads it.

    Built on the first call (1 s), after that only verified (0.05 s). Everyone may read it, for the sandbox
    runs as another user. Raises DataMissing when the real dataset is not in the cache.
    """
    dataset = DATASETS[name]
    root = cache_folder() / VERSION
    if _complete(dataset, root):
        return root
    from autograder.datasets.idx import write_idx  # and torch, which is needed for this once

    genuine = dataset_folder(name)
    root.mkdir(mode=0o755, exist_ok=True)
    with exclusive(root / f".lock-{dataset.folder_name}"):
        if not _complete(dataset, root):
            building = root / f".building-{dataset.folder_name}"
            shutil.rmtree(building, ignore_errors=True)
            raw = building / "raw"
            raw.mkdir(parents=True)
            for file in genuine.glob("train-*-ubyte"):
                _link_or_copy(file, raw / file.name)
            images, labels = make_decoy(name, *read_split(genuine, "train"), read_split(genuine, "t10k")[1].bincount())
            write_idx(raw / "t10k-images-idx3-ubyte", images)
            write_idx(raw / "t10k-labels-idx1-ubyte", labels)
            for path in (root, building, raw, *raw.iterdir()):
                path.chmod(0o755 if path.is_dir() else 0o644)
            shutil.rmtree(root / dataset.folder_name, ignore_errors=True)
            building.replace(root / dataset.folder_name)
    return root


def make_decoy(name: DatasetName, images: Tensor, labels: Tensor, class_counts: Tensor) -> tuple[Tensor, Tensor]:
    """Make as many decoys of each class as `class_counts` (int64 (10,)) says, the same on every machine.

    From training images uint8 (N, 28, 28) and labels int64 (N,); returns the same types, sum(class_counts) of
    them in random order. Each is turned by up to MAX_DEGREES, shifted by up to MAX_PIXELS and scaled by up to
    MAX_SCALING (a fraction) either way, with bicubic interpolation, for the blur of bilinear costs accuracy.
    """
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    generator = torch.Generator().manual_seed(0)
    originals = []
    for label, count in enumerate(class_counts.tolist()):
        usual = _usual_images(images[:POOL], labels[:POOL] == label, ODD_FRACTION[name])
        shuffled = usual[torch.randperm(len(usual), generator=generator)]
        originals.append(shuffled.repeat(-(-count // len(shuffled)))[:count])
    order = torch.cat(originals)
    order = order[torch.randperm(len(order), generator=generator)]

    # In double precision a last bit that differs between two processors does not reach the rounded pixel.
    turn, right, down, scaling = torch.rand(4, len(order), dtype=torch.float64, generator=generator) * 2 - 1
    angle = torch.deg2rad(turn * MAX_DEGREES)
    scale = 1 + scaling * MAX_SCALING
    # affine_grid counts the image's width as 2.
    per_pixel = 2 / images.shape[-1]
    cos, sin = scale * angle.cos(), scale * angle.sin()
    right, down = right * MAX_PIXELS * per_pixel, down * MAX_PIXELS * per_pixel
    affine = torch.stack([cos, -sin, right, sin, cos, down], dim=1).reshape(-1, 2, 3)
    pixels = images[order].double().unsqueeze(1)
    moved = grid_sample(
        pixels,
        affine_grid(affine, list(pixels.shape), align_corners=False),
        mode="bicubic",
        align_corners=False,
    )
    return moved.squeeze(1).round().clamp(0, 255).to(torch.uint8), labels[order]


def _usual_images(images: Tensor, of_class: Tensor, odd_fraction: float) -> Tensor:
    """Indices int64 (M,) of a class's images without the odd ones, furthest (Euclid) from the class mean."""
    indices = of_class.nonzero().flatten()
    pixels = images[indices].double().flatten(start_dim=1)
    distance = (pixels - pixels.mean(dim=0)).norm(dim=1)
    return indices[distance <= distance.quantile(1 - odd_fraction)]


def _complete(dataset: Dataset, root: Path) -> bool:
    """Whether the folder holds the genuine training files, and in place of the test files something else."""
    raw = raw_folder(root, dataset)
    replaced = [file for file in dataset.sha256 if file.startswith("t10k-")]
    return not_genuine(dataset, raw) == replaced and all((raw / file).exists() for file in replaced)


def _link_or_copy(original: Path, copy: Path) -> None:
    """Give the file a second name, which costs no space, or a copy where the file system cannot."""
    try:
        os.link(original, copy)
    except OSError:
        shutil.copyfile(original, copy)
