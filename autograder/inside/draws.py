"""Random inputs that follow from the seed of a grading, drawn alike in the box and by the hidden tests.

What the box claims to have used is not believed: a hidden test draws the same numbers again.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor

FULL, LAST = (41, 53), (15, 27)  # images in a full batch and in the last one, both ends included
CLASSES, PIXELS = 10, 28
WRONG = (0.2, 0.3, 0.4, 0.65)  # share of wrong labels in each batch of a classification
SMOOTH = ("sin", "cos", "tanh", "sigmoid", "atan", "erf", "asinh")


def losses(seed: int, epochs: int) -> list[float]:
    """Losses of an imagined training, falling."""
    generator = random.Random(seed)
    return sorted((generator.uniform(0.05, 2.0) for _ in range(epochs)), reverse=True)


def integers(seed: int, count: int, *ranges: tuple[int, int]) -> list[tuple[int, ...]]:
    """``count`` tuples with one integer from each of ``ranges`` (both ends included): arguments for a student's formula."""
    generator = random.Random(seed)
    return [tuple(generator.randint(low, high) for low, high in ranges) for _ in range(count)]


def history(seed: int, epochs: int) -> list[dict[str, float]]:
    """What training and testing might report of up to 20 epochs: losses in nats, accuracies in percent, no two alike.

    From the third epoch on no figure is the best or the worst so far, so that the last one is not taken for the best one.
    """
    generator = random.Random(seed)
    drawn = [number + generator.uniform(0.2, 0.5) for number in generator.sample(range(15, 98), 80)]
    figures = {}
    for place, name in enumerate(("train_loss", "test_loss", "train_accuracy", "test_accuracy")):
        rising = sorted(number / 50 if "loss" in name else number for number in drawn[20 * place : 20 * place + 20])
        figures[name] = [rising[-1 - turn // 2] if turn % 2 else rising[turn // 2] for turn in range(20)]
    return [{name: values[epoch] for name, values in figures.items()} for epoch in range(epochs)]


def other_figures(seed: int) -> dict[str, float]:
    """What training and testing might report of other images than those of :func:`history`."""
    return history(seed + 1_000_000, 1)[0]


def functions(seed: int, count: int) -> list[str]:
    """Names of smooth functions of one number that torch has, to go on with behind a network that shall be recognised."""
    generator = random.Random(seed)
    return [generator.choice(SMOOTH) for _ in range(count)]


def sizes(seed: int, count: int) -> list[int]:
    """Distinct sizes from 5 to 59, for hidden layers of imagined networks."""
    return random.Random(seed).sample(range(5, 60), count)


def classified(seed: int, batch: int | None = None) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Weight (10, 784) of a linear network; batches of images (N, 1, 28, 28) and labels (N,), about a third of them wrong.

    Three batches are of one size, the last is shorter, so that counting batches, or full batches, does not give the number
    of images. How many there are follows from the seed too: a number known beforehand could be typed in. The share of wrong
    labels is another one in each batch, most in the last, so that no batch, and no mean over batches, has that of all.

    With ``batch`` there are three batches of that size, for a notebook whose batches are all full: all labels of the first
    are right, and how many of the others are wrong follows from the seed.
    """
    ((full, last),) = integers(seed, 1, FULL, LAST)
    sizes = [full, full, full, last] if batch is None else [batch] * 3
    shares = WRONG if batch is None else (0.0, last / 100, (full + 20) / 100)
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(CLASSES, PIXELS * PIXELS, generator=generator)
    images = [torch.randn(size, 1, PIXELS, PIXELS, generator=generator) for size in sizes]
    answered = [(batch.flatten(1) @ weight.t()).argmax(1) for batch in images]
    missed = sum(round(share * len(batch)) for batch, share in zip(images, shares, strict=True))
    while True:
        labels = [_mislabelled(batch, share, generator) for batch, share in zip(answered, shares, strict=True)]
        # Nor may the differences sum up to the number of wrong ones.
        if abs(int(sum((own - label).sum() for own, label in zip(answered, labels, strict=True)))) != missed:
            break
    return weight, images, labels


def lesson(seed: int) -> tuple[int, dict[str, tuple[Tensor, Tensor]]]:
    """Size of a batch; images (N, 1, 28, 28) and labels (N,) to ``train`` on, to ``test`` and to validate (``val``).

    Of each there are two batches and a shorter one.
    """
    ((full, last),) = integers(seed, 1, (5, 8), (2, 4))
    generator = torch.Generator().manual_seed(seed)
    count = 2 * full + last
    return full, {
        name: (
            torch.randn(count, 1, PIXELS, PIXELS, generator=generator),
            torch.randint(0, CLASSES, (count,), generator=generator),
        )
        for name in ("train", "test", "val")
    }


def _mislabelled(labels: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Labels (N,) of which that share became others."""
    labels = labels.clone()
    wrong = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    labels[wrong] = (labels[wrong] + torch.randint(1, CLASSES, (len(wrong),), generator=generator)) % CLASSES
    return labels


def answers(weight: Tensor, images: Tensor, training: bool) -> Tensor:
    """Logits (N, 10) of the linear network of :func:`classified`; in training mode each class answers for the next.

    Their standard deviation is 1: no class is nearly certain, as in a network that is confident of each image, where the
    most probable class and one of a probability above some bound would be the same.
    """
    return images.flatten(1) @ (weight.roll(1, 0) if training else weight).t() / PIXELS


def batch(seed: int, size: int) -> tuple[Tensor, Tensor]:
    """Images (size, 1, 28, 28) float32 in [0, 1] and labels (size,), without any relation to each other."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(size, 1, PIXELS, PIXELS, generator=generator)
    return images, torch.randint(0, CLASSES, (size,), generator=generator)


def logits(seed: int, rows: int) -> Tensor:
    """Logits (rows, 10) such as a half-trained network gives."""
    return 2 * torch.randn(rows, CLASSES, generator=torch.Generator().manual_seed(seed))


def normal(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers (*shape), float32: inputs, targets or weights of any kind."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
