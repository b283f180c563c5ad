"""Bring lists of layers that compute the same to one form."""

from __future__ import annotations

from .layers import KINDS, Layer

Sized = tuple[Layer, list[int] | None]  # a layer and the shape of its output


def canonical(layers: list[Sized], global_pools: bool) -> list[Sized]:
    """The same function: each ReLU as early as it can stand and once, padding as part of the convolution, and so on.

    Args:
        layers: each with the shape of its output.
        global_pools: an average pool whose window is all that there is counts as an adaptive one.
    """
    kept: list[Sized] = []
    for layer, size in layers:
        if layer.kind == "avgpool2d_of_all":
            whole = Layer("adaptive_avgpool2d", (("output", (1, 1)),))
            layer = whole if global_pools else Layer("avgpool2d", layer.settings)
        for rule in (_relu, _convolution, _one_side, _scaling, _copies):
            if rule(kept, layer, size):
                break
        else:
            kept.append((layer, size))
    return kept


def _relu(kept: list[Sized], layer: Layer, size: list[int] | None) -> bool:
    """ReLU commutes with max pool and dropout; twice is once."""
    if layer.kind != "relu":
        return False
    place = len(kept)
    while place and (kind := KINDS.get(kept[place - 1][0].kind)) and kind.commutes:
        place -= 1
    if not place or kept[place - 1][0].kind != "relu":
        kept.insert(place, (layer, kept[place - 1][1] if place else size))
    return True


def _convolution(kept: list[Sized], layer: Layer, size: list[int] | None) -> bool:
    """Padding before a convolution is padding of the convolution; a bias added after it is its bias."""
    if layer.kind == "bias" and kept and kept[-1][0].kind in ("conv2d", "linear") and not kept[-1][0]["bias"]:
        if kept[-1][0]["out"] != layer["out"]:
            return False
        kept[-1] = (_with(kept[-1][0], bias=True), size)
        return True
    if layer.kind == "bias":
        kept.append((Layer("add"), size))
        return True
    sides = kept[-1][0]["sides"] if kept and kept[-1][0].kind == "padding" else None
    if layer.kind != "conv2d" or sides is None or len(sides) > 4 or min(sides) < 0:
        return False
    pad, _ = kept.pop()
    left, right, top, bottom = (*sides, 0, 0)[:4]
    height, width = layer["padding"]
    filled = pad["filled"] if pad["filled"] == "zeros" or not (height or width) else f"{pad['filled']} and zeros"
    all_sides = (left + width, right + width, top + height, bottom + height)
    symmetric = left == right and top == bottom
    padding = (top + height, left + width) if symmetric else all_sides
    kept.append((_with(layer, padding=padding, filled=filled if any(sides) else layer["filled"]), size))
    return True


def _with(layer: Layer, **changed: object) -> Layer:
    return Layer(layer.kind, tuple((name, changed.get(name, value)) for name, value in layer.settings))


def _one_side(kept: list[Sized], layer: Layer, size: list[int] | None) -> bool:
    """The mean over rows and then over columns is the mean over all places; so is the maximum."""
    if kept and layer.kind.startswith("adaptive_") and kept[-1][0].kind == f"{layer.kind}_of_one_side":
        kept[-1] = (layer, size)
        return True
    return False


def _scaling(kept: list[Sized], layer: Layer, size: list[int] | None) -> bool:
    """A random mask and the division by the probability to be kept, in either order, are dropout."""
    if not kept or {layer.kind, kept[-1][0].kind} not in ({"mask", "div"}, {"mask", "mul"}):
        return False
    mask, scale = (layer, kept[-1][0]) if layer.kind == "mask" else (kept[-1][0], layer)
    factor = scale["by"]
    if factor is None or not factor or abs((factor if scale.kind == "div" else 1 / factor) + mask["p"] - 1) > 1e-5:
        return False
    kept[-1] = (Layer("dropout", mask.settings), size)
    return True


def _copies(kept: list[Sized], layer: Layer, size: list[int] | None) -> bool:
    """Parts cut out and copied one by one are one step."""
    if layer.kind != "copy":
        return False
    while kept and kept[-1][0].kind in ("slice", "copy"):
        kept.pop()
    kept.append((layer, size))
    return True
