"""The sandbox's data folder: real training data, and no image of the real test set."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from autograder.datasets import data
from autograder.datasets.data import DATASETS, DatasetName, raw_folder, read_split
from autograder.datasets.decoy import VERSION, sandbox_folder

NAMES: tuple[DatasetName, ...] = ("mnist", "fashion_mnist")

# A change here means that old evidence came from other images: give decoy.VERSION a new name with it.
DECOY_SHA256 = {
    "mnist": "097891039cba2c5f2314897e84e9e8dee5e8eb891646d691be721a5b88014e01",
    "fashion_mnist": "0cc7f0ca992dd09d4e687cb362c825dabdd9da1bb4e042b87078410e39d2145b",
}


@pytest.fixture(params=NAMES, scope="module")
def name(request: pytest.FixtureRequest) -> DatasetName:
    data.fetch(request.param)
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cache(name: DatasetName, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of these tests' own, with a folder for the sandbox built by a user whose new files nobody else may read."""
    genuine, made = data.dataset_folder(name), tmp_path_factory.mktemp(name) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_DATA", str(made))
        shutil.copytree(genuine, raw_folder(data.cache_folder(), DATASETS[name]))
        strict = os.umask(0o077)
        try:
            sandbox_folder(name)
        finally:
            os.umask(strict)
    return made


def test_torchvision_reads_the_folder(name: DatasetName) -> None:
    from torchvision import datasets  # takes seconds, and this test alone needs it

    read = getattr(datasets, DATASETS[name].folder_name)
    root = sandbox_folder(name)
    # download=True is what notebooks say: with the files in place it must not touch the network.
    train, decoys = read(root, train=True, download=True), read(root, train=False, download=True)
    assert torch.equal(train.data, data.training_set(name)[0])
    assert torch.equal(train.targets, data.training_set(name)[1])
    assert decoys.data.shape == (10_000, 28, 28)
    assert torch.equal(decoys.targets.bincount(), data.test_set(name)[1].bincount())


def test_no_decoy_is_a_real_test_image(name: DatasetName) -> None:
    decoys, _ = read_split(raw_folder(sandbox_folder(name), DATASETS[name]), "t10k")
    real, _ = data.test_set(name)
    assert {image.numpy().tobytes() for image in decoys}.isdisjoint(image.numpy().tobytes() for image in real)


def test_decoys_are_the_same_on_every_machine(name: DatasetName, cache: Path) -> None:
    images, labels = read_split(raw_folder(cache / VERSION, DATASETS[name]), "t10k")
    on_disk = read_split(raw_folder(sandbox_folder(name), DATASETS[name]), "t10k")
    assert torch.equal(images, on_disk[0])
    assert torch.equal(labels, on_disk[1])
    assert hashlib.sha256(images.numpy().tobytes()).hexdigest() == DECOY_SHA256[name]


def test_the_folder_is_readable_by_the_sandboxs_user(name: DatasetName, cache: Path) -> None:
    folder = raw_folder(cache / VERSION, DATASETS[name])
    assert folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_a_folder_with_damaged_or_real_test_files_is_built_anew(
    name: DatasetName, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(cache))
    genuine, raw = data.dataset_folder(name), raw_folder(sandbox_folder(name), DATASETS[name])
    decoys = (raw / "t10k-images-idx3-ubyte").read_bytes()
    shutil.copy(genuine / "t10k-images-idx3-ubyte", raw)
    (raw / "train-labels-idx1-ubyte").unlink()
    sandbox_folder(name)
    assert (raw / "t10k-images-idx3-ubyte").read_bytes() == decoys
    assert (raw / "train-labels-idx1-ubyte").read_bytes() == (genuine / "train-labels-idx1-ubyte").read_bytes()


def test_without_the_dataset_there_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    with pytest.raises(data.DataMissing, match="autograder data mnist"):
        sandbox_folder("mnist")
    assert list(tmp_path.iterdir()) == []


def test_decoys_are_no_harder_than_the_real_test_set(name: DatasetName) -> None:
    images, labels = data.training_set(name)
    images, labels = images[:10_000].float().flatten(1) / 255, labels[:10_000]
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    optimizer = torch.optim.Adam(network.parameters())
    for _epoch in range(2):
        for batch in torch.randperm(len(labels)).split(128):
            optimizer.zero_grad()
            cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()

    def accuracy(images: torch.Tensor, labels: torch.Tensor) -> float:
        return (network(images.float().flatten(1) / 255).argmax(1) == labels).double().mean().item()

    decoys = read_split(raw_folder(sandbox_folder(name), DATASETS[name]), "t10k")
    real, decoy = accuracy(*data.test_set(name)), accuracy(*decoys)
    assert real <= decoy <= real + 0.04
