"""Describe a matplotlib figure as data: titles, labels, line points and small images."""

from __future__ import annotations

from typing import Any

import numpy as np

POINTS = 5_000  # of a line
LINES = 20  # of one axes
AXES = 400  # of one figure
IMAGE_PIXELS = 64 * 64  # larger images are described by their shape alone
WORDS = 600  # characters of a figure in words


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in np.asarray(values, dtype=float).reshape(-1)[:POINTS]]


def _named(line: Any) -> dict[str, list[float]]:
    """``named``: the numbers that the points are named by, where x is a list of texts, which are drawn at 0, 1, 2, ..."""
    names = list(line.get_xdata(orig=True))[:POINTS]
    try:
        return {"named": [float(name) for name in names]} if names and all(isinstance(one, str) for one in names) else {}
    except ValueError:
        return {}


def _image(artist: Any) -> dict[str, Any]:
    array: Any = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=float), 0.0)
    document: dict[str, Any] = {"shape": list(array.shape)}
    if array.size <= IMAGE_PIXELS:
        document["pixels"] = [round(float(value), 7) for value in array.reshape(-1)]
    return document


def _bars(bars: Any) -> dict[str, Any]:
    """Bars as the line through the middles of their ends."""
    return {
        "x": [bar.get_x() + bar.get_width() / 2 for bar in bars.patches[:POINTS]],
        "y": [bar.get_y() + bar.get_height() for bar in bars.patches[:POINTS]],
    }


def _is_mesh(collection: Any) -> bool:
    """Whether pcolor or pcolormesh drew it, with a number for each cell."""
    return hasattr(collection, "get_coordinates") and getattr(collection.get_array(), "ndim", 0) >= 2


def describe(figure: Any) -> dict[str, Any]:
    """``{"suptitle", "supxlabel", "supylabel", "axes": [...]}``.

    Each of the axes is ``{"title", "xlabel", "ylabel", "xlim", "ylim", "xscale", "lines": [{"x", "y"}], "images": [...]}``;
    lines are also the points of a scatter plot and the ends of bars, images also the cells of a colour mesh.
    """
    described = []
    for axes in figure.get_axes()[:AXES]:
        # As they are drawn: texts on an axis stand at 0, 1, 2 and so on, whatever numbers they spell.
        lines = [
            {"x": _numbers(line.get_xdata(orig=False)), "y": _numbers(line.get_ydata(orig=False)), **_named(line)}
            for line in axes.get_lines()[:LINES]
        ]
        lines += [
            {"x": _numbers(points.get_offsets()[:, 0]), "y": _numbers(points.get_offsets()[:, 1])}
            for points in axes.collections[:LINES]
            if not _is_mesh(points) and hasattr(points, "get_offsets") and len(points.get_offsets())
        ]
        lines += [_bars(bars) for bars in axes.containers[:LINES] if getattr(bars, "orientation", "") == "vertical"]
        meshes = [collection for collection in axes.collections[:LINES] if _is_mesh(collection)]
        described.append(
            {
                "title": next(filter(None, (str(axes.get_title(loc))[:300] for loc in ("center", "left", "right"))), ""),
                "xlabel": str(axes.get_xlabel())[:300],
                "ylabel": str(axes.get_ylabel())[:300],
                "xlim": _numbers(axes.get_xlim()),
                "ylim": _numbers(axes.get_ylim()),
                "xscale": str(axes.get_xscale()),
                "lines": lines,
                "images": [_image(artist) for artist in [*axes.get_images(), *meshes][:LINES]],
            }
        )
    texts = {name: getattr(figure, f"_{name}", None) for name in ("suptitle", "supxlabel", "supylabel")}
    return {name: str(text.get_text())[:300] if text else "" for name, text in texts.items()} | {"axes": described}


def words(described: dict[str, Any]) -> str:
    """What :func:`describe` gave in words, for those who do not see the figure: titles and labels of axes, each once."""
    said = [described["suptitle"]]
    for axes in described["axes"]:
        said += [axes["title"], *(f"{name}: {axes[f'{name}label']}" for name in "xy" if axes[f"{name}label"])]
    said += [f"{name}: {described[f'sup{name}label']}" for name in "xy" if described[f"sup{name}label"]]
    return "; ".join(dict.fromkeys(" ".join(text.split()) for text in said if text.strip()))[:WORDS]
