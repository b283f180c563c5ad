"""Align the layers of a student's network with the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from .layers import KINDS, Layer, differing

POOLS = {"maxpool2d", "avgpool2d"}


@dataclass
class Alignment:
    """For each layer of the reference the student's layer (None: missing), and the student's layers left over."""

    matched: list[Layer | None]
    extra: list[tuple[int, Layer]]  # (number of reference layers before it, the layer)


def align(found: list[Layer], expected: list[Layer]) -> Alignment:
    """Align by least cost: a layer of another kind never matches, a setting that differs costs less than a gap.

    Textbook edit distance (Needleman and Wunsch 1970) over layers. Of two layers in the wrong order, the one without
    weights has moved.
    """
    rows, columns = len(found) + 1, len(expected) + 1
    lost, more = ([KINDS[layer.kind].gap if layer.kind in KINDS else 1.0 for layer in side] for side in (expected, found))
    first = list(accumulate(lost, initial=0.0))
    cost = [[start + gaps for gaps in first] for start in accumulate(more, initial=0.0)]
    for i in range(1, rows):
        for j in range(1, columns):
            pair = _distance(found[i - 1], expected[j - 1])
            cost[i][j] = min(cost[i - 1][j - 1] + pair, cost[i - 1][j] + more[i - 1], cost[i][j - 1] + lost[j - 1])
    matched: list[Layer | None] = [None] * len(expected)
    extra: list[tuple[int, Layer]] = []
    i, j = len(found), len(expected)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + _distance(found[i - 1], expected[j - 1]):
            i, j = i - 1, j - 1
            matched[j] = found[i]
        elif i and cost[i][j] == cost[i - 1][j] + more[i - 1]:
            i -= 1
            extra.insert(0, (j, found[i]))
        else:
            j -= 1
    return Alignment(matched, extra)


def align_from_the_front(found: list[Layer], expected: list[Layer]) -> Alignment:
    """:func:`align` of a forward pass that broke off: of alignments that cost the same, the one that takes early layers."""
    turned = align(found[::-1], expected[::-1])
    extra = [(len(expected) - place, layer) for place, layer in turned.extra[::-1]]
    return Alignment(turned.matched[::-1], extra)


def _distance(found: Layer, expected: Layer) -> float:
    if found.kind == expected.kind:
        return 0.9 * len(differing(found, expected)) / max(1, len(expected.settings))
    return 1.5 if {found.kind, expected.kind} <= POOLS else 3.0
