"""Watch a training loop at work on a small problem: which events happen, with which gradients and parameters."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import DataLoader

FEATURES, CLASSES, BATCH_SIZES = 6, 10, (5, 5, 2)  # as many classes as digits, since loops ask for them
RATE, MOMENTUM = 0.2, 0.5
LOSS_FACTOR = 3.0
EPOCHS = 2
MAX_EVENTS = 400


def problem(seed: int) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
    """Weight (10, 6), bias (10,), and three batches of images (N, 1, 2, 3) float32 with labels (N,) int64."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(CLASSES, FEATURES, generator=generator)
    bias = torch.randn(CLASSES, generator=generator)
    batches = [
        (
            torch.randn(size, 1, 2, 3, generator=generator),
            torch.randint(0, CLASSES, (size,), generator=generator),
        )
        for size in BATCH_SIZES
    ]
    return weight, bias, batches


class Batches(DataLoader[Any]):
    """Given batches with the parts of a ``DataLoader`` that loops use: iteration, length, ``dataset``, ``batch_size``.

    It is one by its class alone, which lets a real one become like it (:mod:`.replacing`).
    """

    def __init__(self, batches: list[tuple[Tensor, Tensor]]) -> None:
        self.batches = batches
        self.dataset = torch.utils.data.TensorDataset(*(torch.cat(part) for part in zip(*batches, strict=True)))
        self.batch_size = len(batches[0][0])

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:
        for images, labels in self.batches:
            yield [images.clone(), labels.clone()]


def likeness(make: Callable[[], Any]) -> nn.Module | None:
    """A copy on the CPU of the network that ``make`` gives; None if there is none.

    Its gradients are zeros, since student code may look at them, and nothing is learnt there.
    """
    try:
        own: nn.Module = copy.deepcopy(make()).to("cpu")
        for parameter in own.parameters():
            if not nn.parameter.is_lazy(parameter):
                parameter.grad = torch.zeros_like(parameter)
    except Exception:
        return None
    return own


class StandingIn(nn.Module):
    """A network in the place of a student's: what else is asked of it, for example to print a layer, comes from ``like``."""

    like: nn.Module | None = None

    def __init__(self, like: nn.Module | None = None) -> None:
        super().__init__()
        self.__dict__["like"] = like  # no part of this network

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if self.like is None or name.startswith("__"):
                raise
            return getattr(self.like, name)


class WatchedNetwork(StandingIn):
    """A linear network that notes each forward pass and each finished backward pass.

    A forward pass without gradients is a ``look``: nothing is learnt from it.
    """

    def __init__(self, weight: Tensor, bias: Tensor, note: Callable[..., None], like: nn.Module | None = None) -> None:
        super().__init__(like)
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(bias.clone())
        self._note = note
        self._own: Tensor | None = None
        # Autograd reaches the weight after the bias, so its hooks mark the end of a backward pass.
        self.weight.register_hook(self._computed)  # type: ignore[no-untyped-call]
        self.weight.register_post_accumulate_grad_hook(lambda _: self._backward())  # type: ignore[no-untyped-call]

    def _computed(self, gradient: Tensor) -> None:
        self._own = gradient.detach().clone()

    def _backward(self) -> None:
        self._note("backward", grad=self.weight.grad, own=self._own)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """As every module's, noted."""
        self._note("zero_grad")
        super().zero_grad(set_to_none)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 10) of images (N, 1, 2, 3)."""
        event = "forward" if torch.is_grad_enabled() else "look"
        self._note(event, images=images, weight=self.weight, bias=self.bias)
        return images.flatten(1) @ self.weight.t() + self.bias


class WatchedLoss(nn.Module):
    """Cross-entropy times ``LOSS_FACTOR``, so that another loss in its place shows in the gradients.

    Each call is noted, and each backward pass that begins at its value or leads through it (``from_loss``).
    """

    def __init__(self, note: Callable[..., None]) -> None:
        super().__init__()
        self._note = note

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The loss of logits (N, 10) and labels (N,)."""
        loss = LOSS_FACTOR * nn.functional.cross_entropy(outputs, labels)
        self._note("loss", outputs=outputs, labels=labels)
        if loss.requires_grad:
            loss.register_hook(lambda _: self._note("from_loss"))  # type: ignore[no-untyped-call]
        return loss


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Without what is no mistake and hides what happens.

    Gradients in mixed precision are not exact enough to tell mistakes by, and TorchScript compiles no network that notes
    what it is used for.
    """
    enter, init = torch.autocast.__enter__, torch.amp.GradScaler.__init__

    def enter_exactly(mixed: Any) -> Any:
        mixed._enabled = False
        return enter(mixed)  # type: ignore[no-untyped-call]

    def init_without_effect(scaler: Any, *args: Any, **kwargs: Any) -> None:
        init(scaler, *args, **kwargs)
        scaler._enabled = False

    def as_it_is(thing: Any = None, *_: Any, **__: Any) -> Any:
        return thing

    with (
        mock.patch.object(torch.autocast, "__enter__", enter_exactly),
        mock.patch.object(torch.amp.GradScaler, "__init__", init_without_effect),
        mock.patch.object(torch.jit, "script", as_it_is),
        mock.patch.object(torch.jit, "trace", as_it_is),
    ):
        yield


class Watch:
    """A small problem with a watched network, loss and batches; as a context it also notes what any torch optimizer does.

    Training runs :func:`plainly` meanwhile. The network is a :class:`StandingIn` for ``like``.

    ``events`` are in order (``{"event": name}``); ``tensors`` hold ``<number of the event>.<what>``: the gradient after
    each ``backward`` and ``step``, the one that a ``backward`` computed itself (``own``), the images and parameters of
    each ``forward`` and ``look``, the outputs and labels of each ``loss``.
    """

    def __init__(self, seed: int, like: nn.Module | None = None) -> None:
        weight, bias, batches = problem(seed)
        self.events: list[dict[str, Any]] = []
        self.tensors: dict[str, Tensor] = {}
        self.network = WatchedNetwork(weight, bias, self.note, like)
        self.loss = WatchedLoss(self.note)
        self.batches = Batches(batches)
        self._leave = contextlib.ExitStack()

    def note(self, event: str, **values: Tensor | None) -> None:
        """Add an event with its tensors."""
        if len(self.events) >= MAX_EVENTS:
            raise RuntimeError(f"more than {MAX_EVENTS} events in a training loop over {len(self.batches)} batches")
        for name, value in values.items():
            if isinstance(value, Tensor):
                self.tensors[f"{len(self.events)}.{name}"] = _kept(value)
        self.events.append({"event": event})

    def __enter__(self) -> Watch:
        zero_grad = torch.optim.Optimizer.zero_grad

        def noted(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            if self._is_ours(optimizer):
                self.note("zero_grad")
            zero_grad(optimizer, *args, **kwargs)

        with contextlib.ExitStack() as while_watching:
            while_watching.enter_context(plainly())
            while_watching.enter_context(mock.patch.object(torch.optim.Optimizer, "zero_grad", noted))
            while_watching.callback(register_optimizer_step_post_hook(self._step).remove)
            self._leave = while_watching.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.close()

    def _is_ours(self, optimizer: Any) -> bool:
        groups = optimizer.param_groups
        return any(parameter is self.network.weight for group in groups for parameter in group["params"])

    def _step(self, optimizer: Any, *_: object) -> None:
        # Noted at its end, since a step that is given a closure runs the backward pass itself.
        if self._is_ours(optimizer):
            self._note_gradients_put_there()
            self.note("step", grad=self.network.weight.grad)

    def _note_gradients_put_there(self) -> None:
        """Who puts what ``torch.autograd.grad`` returned into ``grad`` has done a backward pass by hand."""
        gradient = self.network.weight.grad
        last = {event["event"]: number for number, event in enumerate(self.events)}
        if gradient is None or last.get("backward", -1) >= last.get("forward", -1):
            return
        if "backward" in last and torch.equal(_kept(gradient), self.tensors[f"{last['backward']}.grad"]):
            return  # that of an earlier batch, left where it was
        self.note("backward", grad=gradient, own=gradient)

    def evidence(self, returned: Any, problem: str | None) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Document (``events``, the ``returned`` numbers, ``problem``) and tensors, with the final parameters."""
        final = {f"final.{name}": _kept(value) for name, value in self.network.named_parameters()}
        document = {"events": self.events, "problem": problem, "returned": _numbers(returned)}
        return document, self.tensors | final


def _kept(value: Tensor) -> Tensor:
    """A copy of now; float32, whatever the network was turned into."""
    return (value.detach().float() if value.is_floating_point() else value.detach()).clone()


def watch(
    train: Callable[[nn.Module, Any, nn.Module, Batches, int], Any], seed: int, like: nn.Module | None = None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Let ``train(network, optimizer, loss, batches, epochs)`` run two epochs and say what happened: see :class:`Watch`."""
    watched = Watch(seed, like)
    optimizer = torch.optim.SGD(watched.network.parameters(), lr=RATE, momentum=MOMENTUM)
    returned, stopped = None, None
    with watched:
        try:
            returned = train(watched.network, optimizer, watched.loss, watched.batches, EPOCHS)
        except Exception as error:
            stopped = f"{type(error).__name__}: {str(error)[:500]}"
    return watched.evidence(returned, stopped)


def _numbers(value: Any) -> Any:
    """A list of floats from a list, tuple, array or tensor of numbers; None for anything else."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().reshape(-1).tolist()
    try:
        return None if value is None else [float(number) for number in list(value)[:10_000]]
    except (TypeError, ValueError):
        return None
