"""Watch a loop that is given network, optimizer, loss and loader: as it is, and with the mistakes of some lines mended.

Whoever forgets the backward pass shows nothing of how gradients are cleared. So the loop runs again, with what is missing
done by the grader, and the other lines can be judged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from . import effects, replacing, values
from .probing import attempt

RATE, MOMENTUM = 0.05, 0.5
LOSS_FACTOR = 3.0
EPOCHS = 2
OWN, FORWARD, BACKWARD, CLEARED = "own", "forward", "backward", "cleared"
"""The loop as it is; with a forward pass of the given network, with gradients; with a backward pass of the given loss; and
with gradients that are cleared before each forward pass, and nowhere else."""

Train = Callable[[nn.Module, Any, nn.Module, Any, int], Any]


class GivenLoss(nn.Module):
    """Cross-entropy times ``LOSS_FACTOR``, so that another loss in its place shows in the gradients; its calls are noted."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self._runs = [run]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002  torch's own name
        """The loss of logits (N, 10) and labels (N,), by the names that torch's own has."""
        (run,) = self._runs
        if all(isinstance(one, Tensor) for one in (input, target)):
            run.watch.note({"event": "loss"}, outputs=input, labels=target)
        value = run.mended_loss() if run.mends_backward else None
        if value is None:
            value = LOSS_FACTOR * nn.functional.cross_entropy(input, target)
        if value.requires_grad:
            value.register_hook(run.reached)  # type: ignore[no-untyped-call]
        return value


class _Run:
    """One run of the loop."""

    def __init__(self, watch: effects.Watch, mended: str, calls_backward: bool) -> None:
        self.watch, self.mends_backward, self.mends_clearing = watch, mended == BACKWARD, mended == CLEARED
        self.loss_reached = self.with_gradients = self.steps_of_nothing = 0
        self._calls_backward = calls_backward
        self._output: Tensor | None = None
        self._waiting: Tensor | None = None
        self._backward = torch.autograd.backward  # which those of tensors call

    def __deepcopy__(self, _: Any) -> _Run:
        return self

    def stepped(self, optimizer: Any, *_: Any) -> None:
        """The given optimizer has stepped."""
        gradients = [parameter.grad for group in optimizer.param_groups for parameter in group["params"]]
        self.steps_of_nothing += not any(gradient is not None and bool(gradient.any()) for gradient in gradients)

    def reached(self, _: Tensor) -> None:
        """A backward pass led through the given loss."""
        self.loss_reached += 1

    def forward(self, network: Any, _: Any, output: Any) -> None:
        """The given network was called."""
        if self.mends_clearing:
            for parameter in network.parameters():
                parameter.grad = None
        output = output[0] if isinstance(output, (tuple, list)) and output else output
        if isinstance(output, Tensor):
            self.with_gradients += output.requires_grad
            self._output = output if output.requires_grad else self._output
            self.watch.note({"event": "forward", "gradients": output.requires_grad}, outputs=output)

    def mended_loss(self) -> Tensor | None:
        """The given loss of what the network gave last for the images asked for last, whatever it is called with."""
        value = self._waiting = self._value()
        if value is not None and not self._calls_backward:
            self._waiting = None
            self._backward(value, retain_graph=True)
        return value

    def _value(self) -> Tensor | None:
        output, self._output = self._output, None
        labels = self.watch.labels
        if output is None or labels is None or len(labels) != len(output):
            return None
        return LOSS_FACTOR * nn.functional.cross_entropy(output, labels)

    def instead_of_backward(self, *_: Any, **__: Any) -> None:
        """The backward pass of the given loss, once for each forward pass."""
        value, self._waiting = self._waiting if self._waiting is not None else self._value(), None
        if value is not None:
            self._backward(value, retain_graph=True)


def watched(train: Train, made: Any, namespace: dict[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Let ``train(network, optimizer, loss, loader, epochs)`` run, and run again with what does not show mended.

    Args:
        made: the class of the networks; a plain one takes its place where it does not work.
        namespace: of the student's notebook, where ``net`` and ``train_loader`` are those of the run in ``FORWARD``.

    Returns:
        document: ``runs`` by name, each as :meth:`.effects.Watch.evidence` gives it, with ``plain``, ``problem`` and
        ``returned``; tensors by ``<run>.<name>``.
    """
    documents: dict[str, Any] = {}
    tensors: dict[str, Tensor] = {}

    def once(mended: str, calls_backward: bool = False) -> tuple[_Run, Any]:
        torch.manual_seed(seed)
        with effects.lesson(made, seed) as (watch, make, described):
            network, run = make(), _Run(watch, mended, calls_backward)
            hook = network.register_forward_hook(run.forward)
            optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
            optimizer.register_step_post_hook(run.stepped)
            with _mended(run, network, namespace if mended != OWN else None):
                returned, problem = attempt(
                    lambda: train(network, optimizer, GivenLoss(run), watch.loaders["train"], EPOCHS)
                )
            hook.remove()
            document, found = watch.evidence(network)
        documents[mended] = document | described | {"problem": problem, "returned": values.numbers(returned)}
        tensors.update({f"{mended}.{name}": value for name, value in found.items()})
        return run, document

    run, document = once(OWN)
    if not run.with_gradients:
        run, document = once(FORWARD)
    computed = sum(event["event"] == "backward" for event in document["events"])
    if not computed or not run.loss_reached:
        run, document = once(BACKWARD, calls_backward=bool(computed or run.loss_reached))
    if run.steps_of_nothing:
        once(CLEARED)
    return {"runs": documents}, tensors


@contextlib.contextmanager
def _mended(run: _Run, network: nn.Module, namespace: dict[str, Any] | None) -> Iterator[None]:
    if namespace is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        stack.enter_context(replacing.replaced(namespace, {"net": network, "train_loader": run.watch.loaders["train"]}))
        forward = network.forward

        def with_gradients(*args: Any, **named: Any) -> Any:
            with torch.enable_grad():
                return forward(*args, **named)

        stack.enter_context(mock.patch.object(network, "forward", with_gradients))
        if run.mends_clearing:
            for kind in (nn.Module, torch.optim.Optimizer):
                stack.enter_context(mock.patch.object(kind, "zero_grad", lambda *_, **__: None))  # noqa: PT008
        if run.mends_backward:
            for where, name in ((torch.Tensor, "backward"), (torch.autograd, "backward")):
                stack.enter_context(mock.patch.object(where, name, run.instead_of_backward))
        yield
