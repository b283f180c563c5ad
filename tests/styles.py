"""Random convolutional networks as lists of steps, and as the source text of a class in a random student's style."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

T = TypeVar("T")
Pick = Callable[[Sequence[T]], T]
Step = tuple[str, dict[str, Any]]
MODULES = {"relu": "nn.ReLU()", "tanh": "nn.Tanh()", "leaky": "nn.LeakyReLU(0.1)", "elu": "nn.ELU()", "relu6": "nn.ReLU6()"}


def shapes(steps: list[Step], images: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    """The shape of one image's values before each step, and after the last one; None where a step does not fit."""
    found = [images[1:]]
    for kind, s in steps:
        shape = found[-1]
        if kind in ("conv", "maxpool", "avgpool"):
            reach = [n + 2 * s["padding"] - s.get("dilation", 1) * (s["kernel"] - 1) for n in shape[1:]]
            channels = s.get("out", shape[0])
            # A pool over everything there is would be another name for global pooling.
            fits = kind == "conv" or (s["padding"] * 2 <= s["kernel"] and s["kernel"] < min(shape[1:]))
            if not fits or min(reach) < 1 or shape[0] % s.get("groups", 1) or channels % s.get("groups", 1):
                return None
            shape = (channels, *((n - 1) // s["stride"] + 1 for n in reach))
        elif kind == "global":
            shape = (shape[0], 1, 1)
        elif kind == "flatten":
            shape = (int(torch.Size(shape).numel()),)
        elif kind == "linear":
            shape = (s["out"],)
        found.append(shape)
    return found


def module(step: Step, shape: tuple[int, ...]) -> str:
    """A step as the plainest expression that makes its module."""
    kind, s = step
    if kind == "conv":
        rest = f"dilation={s['dilation']}, groups={s['groups']}, bias={s['bias']}"
        return f"nn.Conv2d({shape[0]}, {s['out']}, {s['kernel']}, stride={s['stride']}, padding={s['padding']}, {rest})"
    if kind == "maxpool":
        return f"nn.MaxPool2d({s['kernel']}, {s['stride']}, padding={s['padding']})"
    if kind == "avgpool":
        return f"nn.AvgPool2d({s['kernel']}, {s['stride']}, padding={s['padding']})"
    if kind == "batchnorm":
        return f"nn.BatchNorm{'2' if len(shape) == 3 else '1'}d({shape[0]})"
    if kind == "linear":
        return f"nn.Linear({shape[0]}, {s['out']}, bias={s['bias']})"
    plain = {"global": "nn.AdaptiveAvgPool2d(1)", "flatten": "nn.Flatten()", "dropout": f"nn.Dropout({s.get('p')})"}
    return plain[kind] if kind in plain else MODULES[kind]


def plain(steps: list[Step], images: tuple[int, ...]) -> str:
    """The steps as one ``nn.Sequential``, the way an assignment's reference is written."""
    known = shapes(steps, images)
    assert known is not None
    return f"nn.Sequential({', '.join(module(*pair) for pair in zip(steps, known, strict=False))})"


def made(source: str) -> Callable[[], nn.Module]:
    """What builds the network: the class ``Network`` of a source text, or an expression."""
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
    if not source.startswith("nn."):
        exec(source, names)
        return names["Network"]  # type: ignore[no-any-return]
    return lambda: eval(source, names)  # type: ignore[no-any-return]


@dataclass
class Writer:
    """Collects the lines of ``__init__`` and ``forward`` while it goes through the steps."""

    pick: Pick[Any]
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    number: int = 0

    def attribute(self, expression: str, base: str = "layer") -> str:
        """Declares an attribute and gives its name."""
        self.number += 1
        name = f"self.{base}{self.number}"
        self.init.append(f"{name} = {expression}")
        return name

    def parameter(self, *shape: int) -> str:
        return self.attribute(f"nn.Parameter(0.1 * torch.randn({', '.join(map(str, shape))}))", "w")

    def write(self, step: Step, shape: tuple[int, ...]) -> None:
        writers = {
            "conv": self.conv,
            "linear": self.linear,
            "batchnorm": self.batchnorm,
            "relu": self.relu,
            "dropout": self.dropout,
            "global": self.everywhere,
            "flatten": self.flatten,
        }
        if step[0] in writers:
            writers[step[0]](step, shape)
        else:
            self.called(step, shape)

    def called(self, step: Step, shape: tuple[int, ...]) -> None:
        kind, s = step
        if kind in ("maxpool", "avgpool") and self.pick([False, True]):
            name = "max_pool2d" if kind == "maxpool" else "avg_pool2d"
            size = self.pick([s["kernel"], (s["kernel"], s["kernel"])])
            self.forward.append(f"x = F.{name}(x, {size}, {s['stride']}, {s['padding']})")
        elif self.pick([True, False]):
            self.forward.append(f"x = {self.attribute(module(step, shape))}(x)")
        else:
            self.forward.append(f"x = {module(step, shape)}(x)" if kind in MODULES else f"x = {self.listed(step, shape)}(x)")

    def listed(self, step: Step, shape: tuple[int, ...]) -> str:
        kinds = [f"nn.ModuleList([{module(step, shape)}])", f"nn.ModuleList([nn.Sequential({module(step, shape)})])"]
        return f"{self.attribute(self.pick(kinds), 'blocks')}[0]"

    def conv(self, step: Step, shape: tuple[int, ...]) -> None:
        s, out = step[1], step[1]["out"]
        rest = f"stride={s['stride']}, dilation={s['dilation']}, groups={s['groups']}"
        style = self.pick(["module", "same", "lazy", "pair", "pad", "own", "add", "borrowed"])
        padding: Any = s["padding"]
        if style == "same" and s["stride"] == 1 and 2 * padding == s["dilation"] * (s["kernel"] - 1):
            padding = "'same'"
        if style == "pair":
            padding = (padding, padding)
        if style == "pad":
            how = self.pick(
                [f"F.pad(x, ({padding},) * 4)", f"nn.ZeroPad2d({padding})(x)", f"nn.ConstantPad2d({padding}, 0.0)(x)"]
            )
            self.forward.append(f"x = {how}")
            padding = 0
        if style in ("own", "add"):
            weight = self.parameter(out, shape[0] // s["groups"], s["kernel"], s["kernel"])
            bias = self.parameter(out) if s["bias"] else None
            given = bias if style == "own" else None
            self.forward.append(f"x = F.conv2d(x, {weight}, {given}, padding={padding}, {rest})")
            if bias and style == "add":
                added = self.pick(
                    [f"x + {bias}.view(1, -1, 1, 1)", f"x + {bias}[:, None, None]", f"x.add_({bias}[None, :, None, None])"]
                )
                self.forward.append(f"x = {added}")
            return
        kernel = self.pick([s["kernel"], (s["kernel"], s["kernel"])])
        kind = "nn.LazyConv2d(" if style == "lazy" else f"nn.Conv2d({shape[0]}, "
        name = self.attribute(f"{kind}{out}, {kernel}, padding={padding}, {rest}, bias={s['bias']})", "conv")
        if style == "borrowed":
            self.forward.append(f"x = F.conv2d(x, {name}.weight, {name}.bias, padding={padding}, {rest})")
        else:
            self.forward.append(f"x = {name}(x)")

    def linear(self, step: Step, shape: tuple[int, ...]) -> None:
        inputs, out, has_bias = shape[0], step[1]["out"], step[1]["bias"]
        style = self.pick(["module", "lazy", "F.linear", "@", "@ .t()", "einsum", "reversed", "add_", "addmm", "stack"])
        if style in ("module", "lazy"):
            kind = "nn.LazyLinear(" if style == "lazy" else f"nn.Linear({inputs}, "
            self.forward.append(f"x = {self.attribute(f'{kind}{out}, bias={has_bias})', 'fc')}(x)")
            return
        bias = self.parameter(out) if has_bias else None
        weight = self.parameter(inputs, out) if style in ("@", "addmm") else self.parameter(out, inputs)
        product = {
            "F.linear": f"F.linear(x, {weight}, {bias})",
            "@": f"x @ {weight}",
            "@ .t()": f"torch.matmul(x, {weight}.t())",
            "einsum": f"torch.einsum('ni,oi->no', x, {weight})",
            "reversed": f"({weight} @ x.T).T",
            "add_": f"torch.mm(x, {weight}.T)",
            "addmm": f"torch.addmm({bias}, x, {weight})" if bias else f"x.mm({weight})",
            "stack": f"torch.stack([F.linear(image, {weight}, {bias}) for image in x])",
        }[style]
        self.forward.append(f"x = {product}")
        if bias and style not in ("F.linear", "addmm", "stack"):
            self.forward.append(f"x += {bias}" if style == "add_" else self.pick([f"x = x + {bias}", f"x = {bias} + x"]))

    def batchnorm(self, step: Step, shape: tuple[int, ...]) -> None:
        kind, channels = f"BatchNorm{'2' if len(shape) == 3 else '1'}d", shape[0]
        style = self.pick(["module", "lazy", "borrowed", "own"])
        if style in ("module", "lazy"):
            made_by = f"nn.Lazy{kind}()" if style == "lazy" else f"nn.{kind}({channels})"
            self.forward.append(f"x = {self.attribute(made_by, 'bn')}(x)")
            return
        if style == "borrowed":
            name = self.attribute(f"nn.{kind}({channels})", "bn")
            parts = ", ".join(f"{name}.{part}" for part in ("running_mean", "running_var", "weight", "bias"))
        else:
            self.number += 1
            mean, var = f"mean{self.number}", f"var{self.number}"
            self.init += [f"self.register_buffer('{mean}', torch.zeros({channels}))"]
            self.init += [f"self.register_buffer('{var}', torch.ones({channels}))"]
            parts = f"self.{mean}, self.{var}, {self.parameter(channels)}, {self.parameter(channels)}"
        self.forward.append(f"x = F.batch_norm(x, {parts}, training=self.training)")

    def relu(self, step: Step, shape: tuple[int, ...]) -> None:
        expressions = [
            "F.relu(x)", "torch.relu(x)", "x.relu()", "nn.ReLU()(x)", "x.clamp(min=0)", "torch.clamp(x, 0)", "x.relu_()",
            "torch.clamp_min(x, 0.0)", "F.relu(x, inplace=True)", "F.threshold(x, 0, 0)",
            "torch.maximum(x, torch.zeros_like(x))",
            "torch.max(x, torch.tensor(0.0))", "torch.where(x > 0, x, torch.zeros_like(x))", "torch.where(x < 0, 0.0, x)",
            "x * (x > 0)", "x.masked_fill(x < 0, 0)", "F.leaky_relu(x, 0.0)", "activate(x)",
        ]  # fmt: skip
        statements = ["x.relu_()", "F.relu(x, inplace=True)", "x[x < 0] = 0", "x.clamp_(min=0)"]
        statements += ["x.view(-1).relu_()"] if len(shape) == 3 else []
        style = self.pick(["module", "inplace", "expression", "statement", "shared"])
        if style in ("module", "inplace"):
            inside = "inplace=True" if style == "inplace" else ""
            self.forward.append(f"x = {self.attribute(f'nn.ReLU({inside})', 'act')}(x)")
        elif style == "shared":
            if "self.relu = nn.ReLU()" not in self.init:
                self.init.append("self.relu = nn.ReLU()")
            self.forward.append("x = self.relu(x)")
        else:
            self.forward.append(f"x = {self.pick(expressions)}" if style == "expression" else self.pick(statements))

    def dropout(self, step: Step, shape: tuple[int, ...]) -> None:
        p = step[1]["p"]
        style = self.pick(["module", "inplace", "function"])
        if style == "function":
            ways = [f"F.dropout(x, {p}, self.training)", f"F.dropout(x, p={p}, training=self.training, inplace=True)"]
            self.forward.append(f"x = {self.pick([*ways, f'torch.dropout(x, {p}, self.training)'])}")
        else:
            inside = f"{p}, inplace=True" if style == "inplace" else f"p={p}"
            self.forward.append(f"x = {self.attribute(f'nn.Dropout({inside})', 'drop')}(x)")

    def everywhere(self, step: Step, shape: tuple[int, ...]) -> None:
        ways = [
            f"{self.attribute('nn.AdaptiveAvgPool2d((1, 1))', 'gap')}(x)", "F.adaptive_avg_pool2d(x, 1)", "x.mean((2, 3))",
            "x.mean([-2, -1])", "x.mean(dim=(2, 3), keepdim=True)", "x.flatten(2).mean(2)", "x.mean(3).mean(2)",
            "F.avg_pool2d(x, x.shape[2:])", "F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]",
            "F.adaptive_avg_pool2d(x, 1).squeeze(-1)",
            "x.view(x.size(0), x.size(1), -1).mean(dim=-1)", "F.adaptive_avg_pool2d(x, (1, 1)).squeeze(3).squeeze(2)",
        ]  # fmt: skip
        self.forward.append(f"x = {self.pick(ways)}")

    def flatten(self, step: Step, shape: tuple[int, ...]) -> None:
        count = int(torch.Size(shape).numel())
        ways = [
            "x.flatten(1)", "torch.flatten(x, 1)", "x.view(x.size(0), -1)", "x.reshape(len(x), -1)", f"x.view(-1, {count})",
            f"x.reshape(-1, {count})", "nn.Flatten()(x)", "x.flatten(start_dim=1)", "x.unsqueeze(1).flatten(1)",
        ]  # fmt: skip
        self.forward.append(f"x = {self.pick(ways)}")


NOISE = [
    "pass", "print(end='')", "assert x.shape[0] > 0", "_ = F.softmax(x, dim=-1).argmax(-1)", "self.seen = x",
    "x = x.contiguous()",
    "x = nn.Identity()(x)", "x = x.to(next(self.parameters()).device)", "shape = x.size()",
]  # fmt: skip


def written(steps: list[Step], images: tuple[int, ...], pick: Pick[Any]) -> str:
    """Source text of a network of these steps, in a style that ``pick`` chooses."""
    if pick([False] * 5 + [True]):
        return plain(steps, images)
    known = shapes(steps, images)
    assert known is not None
    writer, cut = Writer(pick), pick(range(len(steps) + 1))
    if cut and pick([False, True]):  # the first layers in one Sequential
        body = writer.attribute(plain(steps[:cut], images), "body")
        writer.forward.append(f"x = {body}(x)")
    else:
        cut = 0
    for step, shape in zip(steps[cut:], known[cut:], strict=False):
        writer.write(step, shape)
        if pick([False, False, False, True]):
            writer.forward.append(pick(NOISE))
    if pick([False, True]):
        writer.init.append("self.unused = nn.Linear(3, 4)")
    random.Random(pick(range(4))).shuffle(writer.init)
    middle = pick(range(len(writer.forward) + 1))
    parts = {"body": writer.forward[:middle], "forward": ["x = self.body_of(x)", *writer.forward[middle:]]}
    if not pick([False, True]) or not parts["body"]:
        parts = {"body": [], "forward": writer.forward}
    lines = ["def activate(x):", "    return F.relu(x)", "", "class Network(nn.Module):", "    def __init__(self):"]
    lines += ["        super().__init__()", *(f"        {line}" for line in writer.init)]
    if parts["body"]:
        lines += ["    def body_of(self, x):", *(f"        {line}" for line in parts["body"]), "        return x"]
    last = pick(["return x", "return x, None"])
    lines += ["    def forward(self, x):", *(f"        {line}" for line in parts["forward"]), f"        {last}"]
    return "\n".join(lines)
