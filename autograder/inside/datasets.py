"""Serve MNIST-like datasets of the box in batches: the same bits as image by image, in a fraction of the time.

Decoding and transforming one PIL image costs 0.1 ms, which is more than a small network needs to learn from it. PyTorch
asks a dataset for a whole batch through ``__getitems__`` where it has one; this adds it to torchvision's classes. Where
the loader would collate such a batch in the default way, the batch is handed to it as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Subset, default_collate
from torch.utils.data._utils.fetch import _MapDatasetFetcher
from torchvision import datasets, transforms

_getitem = datasets.MNIST.__getitem__
_subset_getitem = Subset.__getitem__
_fetch = _MapDatasetFetcher.fetch


def use(folder: str, test_images: int | None = None, slices: bool = True) -> None:
    """Let torchvision find the datasets below ``folder``, whatever root the notebook names, and serve them in batches.

    ``test_images`` cuts test sets to their first images. Without ``slices`` images are served one by one, as elsewhere.
    """

    def raw_folder(self: Any) -> str:
        return str(Path(folder) / type(self).__name__ / "raw")

    def load_data(self: Any) -> tuple[torch.Tensor, torch.Tensor]:
        images, labels = load(self)
        return (images, labels) if self.train else (images[:test_images], labels[:test_images])

    load = datasets.MNIST._load_data
    for kind in (datasets.MNIST, datasets.FashionMNIST):
        kind._load_data = load_data
        kind.raw_folder = property(raw_folder)
        if slices:
            kind.__getitems__ = _items
    if slices:
        _MapDatasetFetcher.fetch = _fetch_batch  # type: ignore[method-assign]


def _fetch_batch(self: Any, indices: Any) -> Any:
    """The batch of a loader: slices of the dataset where that is the same, otherwise what PyTorch makes of it."""
    if self.auto_collation and self.collate_fn is default_collate and isinstance(indices, list):
        dataset: Any = self.dataset
        places: list[Any] = indices
        while type(dataset) is Subset and Subset.__getitem__ is _subset_getitem:
            dataset, places = dataset.dataset, [dataset.indices[place] for place in places]
        if isinstance(dataset, datasets.MNIST) and (batch := _batch(dataset, [int(place) for place in places])) is not None:
            return list(batch)
    return _fetch(self, indices)  # type: ignore[no-untyped-call]


def _items(self: Any, indices: list[int]) -> list[tuple[Any, Any]]:
    """The samples at ``indices``: what ``self[i]`` gives for each, bit for bit."""
    batch = _batch(self, indices)
    if batch is None:
        return [self[index] for index in indices]
    return list(zip(batch[0], batch[1].tolist(), strict=True))


def _batch(dataset: Any, indices: list[int]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Images (N, 1, 28, 28) and labels (N,) at ``indices``; None where they are not simply the stored ones, transformed."""
    steps = _steps(dataset.transform)
    ordinary = type(dataset).__getitem__ is _getitem and dataset.target_transform is None
    # A notebook may have put its own images or labels in place, of any type.
    tensors = isinstance(dataset.data, torch.Tensor) and isinstance(dataset.targets, torch.Tensor)
    if not ordinary or steps is None or not tensors:
        return None
    if dataset.data.dtype != torch.uint8 or dataset.targets.dtype != torch.int64 or dataset.targets.ndim != 1:
        return None
    images = dataset.data[indices].unsqueeze(1).to(torch.get_default_dtype()).div_(255)
    for step in steps:
        images = step(images)
    return images, dataset.targets[indices]


def _steps(transform: Any) -> list[Any] | None:
    """The transforms that come after ``ToTensor`` and work on a batch as on one image; None where that is not so."""
    steps = transform.transforms if type(transform) is transforms.Compose else [transform]
    if not steps or type(steps[0]) is not transforms.ToTensor:
        return None
    if any(type(step) is not transforms.Normalize for step in steps[1:]):
        return None
    return list(steps[1:])
