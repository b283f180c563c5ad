"""Wrong loops of fashion_cnn: steps dropped, swapped or with other data, and measures of something else."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import at, dropped, replaced, swapped

FIT, TRAINING = "fit_code", "cnn_training"
UNTRAINED = "history = [evaluate(model, val_loader)]"
FITTED = "history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)"
RESULT = "result = evaluate(model, val_loader)"
MEAN, RATE = "losses.append(total_loss / seen)", "return right / total"
HITS = "right += (logits.argmax(dim=1) == labels).sum().item()"
STEP, BACKWARD, ZERO = "optimizer.step()", "loss.backward()", "optimizer.zero_grad()"


def fit(old: str, new: str, about: str, *also: tuple[str, str]) -> Answer:
    """A mutant of the cell of ``fit``; ``also`` has further (old, new) edits."""
    return replaced(FIT, old, new, ["fit"], about, also=[(FIT, *edit) for edit in also])


def train(old: str, new: str, about: str, *also: tuple[str, str]) -> Answer:
    """A mutant of ``train``; ``also`` has further (old, new) edits."""
    return replaced(TRAINING, old, new, ["cnn_loop"], about, also=[(TRAINING, *edit) for edit in also])


def measure(old: str, new: str, about: str, *also: tuple[str, str]) -> Answer:
    """A mutant of ``evaluate_model``; ``also`` has further (old, new) edits."""
    return replaced(TRAINING, old, new, ["evaluate_model"], about, also=[(TRAINING, *edit) for edit in also])


FITS = [
    *(dropped(FIT, line, ["fit"]) for line in (STEP, ZERO)),
    swapped(FIT, BACKWARD, ZERO, ["fit"]),
    fit("for batch in train_loader:", "for batch in val_loader:", "Trains on the validation images."),
    fit("opt_func(model.parameters(), lr)", "torch.optim.SGD(model.parameters(), lr)", "Its own optimizer, not opt_func."),
    fit(
        "        history.append(result)",
        "            history.append(result)",
        "A result for each batch.",
        (f"        {RESULT}", f"            {RESULT}"),
        ("        model.epoch_end", "            model.epoch_end"),
    ),
    fit(
        "loss = model.training_step(batch)",
        "images, labels = batch\n            loss = F.cross_entropy(model(images), labels)",
        "A loss of its own, not training_step.",
    ),
    fit(
        f"        {RESULT}",
        f"        if epoch == 5:\n            optimizer.param_groups[0]['lr'] *= 0.1\n        {RESULT}",
        "Another learning rate from the sixth epoch on.",
    ),
    fit("validation_epoch_end(results)", "validation_epoch_end(results[:1])", "The first batch alone."),
    fit(f"{UNTRAINED}\nhistory +=", "history =", "Without the untrained model."),
    fit(
        f"{UNTRAINED}\n{FITTED}",
        f"{FITTED.replace('+=', '=')}\n{UNTRAINED.replace('=', '+=')}",
        "The first result comes last.",
    ),
    fit(FITTED, FITTED.replace("num_epochs_regression", "num_epochs_regression + 1"), "An epoch too many."),
    fit(
        "for batch in train_loader:",
        "for number, batch in enumerate(train_loader):\n            if number == 20:\n                break",
        "A break after some batches.",
    ),
    fit(FITTED, "history += [{'val_loss': 0.8, 'val_acc': 0.7}] * num_epochs_regression", "Results written by hand."),
    replaced(
        FIT,
        FITTED,
        f"{FITTED}\nmodel = MnistModel().to(device)",
        ["regression_accuracy"],
        "A new, untrained model in place of the trained one.",
    ),
]

TRAINS = [
    *at(TRAINING, "optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)", ["cnn_loop"]),
    *at(TRAINING, "cnn.train()", ["cnn_loop"], only=["eval_mode"]),
    *at(TRAINING, "for epoch in range(num_epochs):", ["cnn_loop"], only=["one_less"]),
    *(dropped(TRAINING, line, ["cnn_loop"]) for line in (STEP, ZERO)),
    *at(TRAINING, "total_loss += loss.item() * len(labels)", ["cnn_loop"], only=["overwritten"]),
    *at(TRAINING, "seen += len(labels)", ["cnn_loop"], only=["overwritten"]),
    train('loaders["train"]', 'loaders["test"]', "Trains on the test images."),
    train(f"        {MEAN}", f"            {MEAN}", "A mean for each batch."),
    train(MEAN, "losses.append(loss.item())", "The last batch's loss."),
    train(MEAN, f'{MEAN}\n        evaluate_model(cnn, loaders["val"], "val")', "Evaluation mode from the second epoch on."),
    train("F.cross_entropy(logits, labels)", "F.cross_entropy(logits.softmax(1), labels)", "Softmax before cross-entropy."),
    train("total_loss += loss.item() * len(labels)", "total_loss += loss.item()", "Losses of batches over images."),
    train("lr=0.01)", "lr=0.01, weight_decay=1e-3)", "Weight decay."),
    train(STEP, f"{STEP}\n            if seen > 60:\n                break", "A break after some batches."),
    train(
        "        total_loss, seen = 0.0, 0\n",
        "        total_loss, seen = 0.0, 0\n        optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)\n",
        "A new optimizer in each epoch.",
    ),
    train(
        "    for epoch in range(num_epochs):\n",
        "    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5)\n    for epoch in range(num_epochs):\n",
        "A scheduler that acts after five epochs.",
        (MEAN, f"{MEAN}\n        scheduler.step()"),
    ),
    train("seen += len(labels)", "seen += len(label)", "A name with a typo, after the step."),
    train(
        "    for epoch in range(num_epochs):\n",
        "    best = {name: value.clone() for name, value in cnn.state_dict().items()}\n    for epoch in range(num_epochs):\n"
        "        cnn.load_state_dict(best)\n",
        "The first weights again in each epoch.",
    ),
]

MEASURES = [
    *at(TRAINING, "cnn.eval()", ["evaluate_model"], only=["train_mode"]),
    *at(TRAINING, "with torch.no_grad():", ["evaluate_model"]),
    *at(TRAINING, HITS, ["evaluate_model"], only=["overwritten", "axis"]),
    *at(TRAINING, "total += len(labels)", ["evaluate_model"], only=["overwritten"]),
    *at(TRAINING, RATE, ["evaluate_model"], label="rate", only=["left_only"]),
    measure("in loader:", 'in loaders["test"]:', "Always the test images, whatever the loader."),
    measure(
        "    right, total = 0, 0\n",
        "    global right, total\n",
        "Counts on from network to network.",
        ("def evaluate_model(", "right, total = 0, 0\n\n\ndef evaluate_model("),
    ),
]

LOOPS = [*FITS, *TRAINS, *MEASURES]
