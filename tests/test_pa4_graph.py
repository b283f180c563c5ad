"""A graph in DOT, as hidden tests of pa4_convnet read it: torchviz's, with and without attributes, and hostile text."""

import time

import pytest
import torch
from conftest import HIDDEN
from torchviz import make_dot

from autograder import own_files

convnet = own_files.module(HIDDEN / "pa4_convnet" / "reference.py").convnet
Graph = own_files.module(HIDDEN / "pa4_convnet" / "graph.py").Graph


KINDS = [lambda kind: kind == "SinBackward0", lambda kind: kind.startswith("MeanBackward")]


@pytest.mark.parametrize("options", [{}, {"show_attrs": True}, {"show_attrs": True, "show_saved": True}])
def test_a_graph_of_torchviz(options: dict[str, bool]) -> None:
    network = convnet()
    drawn = make_dot(network(torch.zeros(2, 1, 28, 28)).sin().mean(), dict(network.named_parameters()), **options)
    read = Graph.parse(drawn.source)
    first, last = read.along(KINDS)
    assert len(first) == len(last) == 1
    before = [read.kind(node) for node in read.reversed().reached(first)]
    assert before.count("ConvolutionBackward0") == 2
    assert before.count("AddmmBackward0") == 2
    assert {name for name, _ in network.named_parameters()} <= read.names()
    assert read.along(reversed(KINDS)) == (set(), set())


def test_arrows_and_labels() -> None:
    read = Graph.parse('digraph { a [label="A -> [B]\\nmore" color=red]; "b c" [shape=box, label=B]\n a -> "b c" -> d }')
    assert read.labels == {"a": "A -> [B]\\nmore", "b c": "B"}
    assert read.after == {"a": {"b c"}, "b c": {"d"}}
    assert read.names() == {"A -> [B]", "B"}
    assert read.reached({"a"}) == {"a", "b c", "d"}


@pytest.mark.parametrize("text", ["ab", '"', '\\"', '"\\"', "a->", '[label="a"', "->a", "a[", "\0"])
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    begun = time.thread_time()
    Graph.parse(text * 1_000_000)
    assert time.thread_time() - begun < 5
