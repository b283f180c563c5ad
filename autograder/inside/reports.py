"""Say what reports of a box have at most, and what they are called: for who reads them and needs nothing that makes them."""

MAX_NODES = 2_000
"""Operations of one recorded forward pass."""
MOST_EVENTS = 400
"""Requests, gradients and steps of a training on a few images."""
MOST_PASSES = 1_000
"""Passes of a training cell over its loaders."""
ALT = "text/x-figure-words"
"""The kind of data of an output that holds a figure in words."""
