"""Wrong loops of fashion_cnn: steps dropped, swapped or with other data, and measures of something else."""

from __future__ import annotations

from autograder.catalogue import Answer
from autograder.mutants import at, dropped, replaced, swapped

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


def train(old: str, new: str, about: str) -> Answer:
    """A mutant of ``train``."""
    return replaced(TRAINING, old, new, ["cnn_loop"], about)


def measure(old: str, new: str, about: str) -> Answer:
    """A mutant of ``evaluate_model``."""
    return replaced(TRAINING, old, new, ["evaluate_model"], about)


FITS = [
    *(dropped(FIT, line, ["fit"]) for line in (BACKWARD, STEP, ZERO, "history.append(result)")),
    dropped(FIT, "model.epoch_end(epoch + 1, result)", ["fit"]),
    swapped(FIT, BACKWARD, ZERO, ["fit"]),
    swapped(FIT, BACKWARD, STEP, ["fit"]),
    *at(FIT, "for epoch in range(epochs):", ["fit"]),
    *at(FIT, RESULT, ["fit"]),
    fit("for batch in train_loader:", "for batch in val_loader:", "Trains on the validation images."),
    fit("for batch in train_loader:", "for batch in list(train_loader)[:-1]:", "Leaves out the last batch."),
    fit("opt_func(model.parameters(), lr)", "torch.optim.SGD(model.parameters(), lr)", "Its own optimizer, not opt_func."),
    fit("opt_func(model.parameters(), lr)", "opt_func(model.parameters(), 0.001)", "Its own learning rate."),
    fit(
        "        history.append(result)",
        "            history.append(result)",
        "A result for each batch.",
        (f"        {RESULT}", f"            {RESULT}"),
        ("        model.epoch_end", "            model.epoch_end"),
    ),
    fit("return model.validation_epoch_end(results)", "return results[-1]", "The result of the last batch."),
    fit("validation_epoch_end(results)", "validation_epoch_end(results[:1])", "The first batch alone."),
    fit("for batch in loader]", "for batch in train_loader]", "evaluate takes the training images, always."),
    fit(f"{UNTRAINED}\nhistory +=", "history =", "Without the untrained model."),
    fit(
        f"{UNTRAINED}\n{FITTED}",
        f"{FITTED.replace('+=', '=')}\n{UNTRAINED.replace('=', '+=')}",
        "The first result comes last.",
    ),
    fit(UNTRAINED, UNTRAINED.replace("val_loader", "train_loader"), "The untrained model on the training images."),
    fit(FITTED, FITTED.replace("0.001", "0.1"), "Learning rate 0.1."),
    fit(FITTED, FITTED.replace("0.001", "0.0001"), "Learning rate 0.0001."),
    fit(FITTED, FITTED.replace("val_loader)", "val_loader, torch.optim.Adam)"), "Adam in place of SGD."),
    fit(FITTED, FITTED.replace("num_epochs_regression", "5"), "Five epochs."),
    fit(FITTED, FITTED.replace("num_epochs_regression", "num_epochs_regression + 1"), "An epoch too many."),
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
    *at(TRAINING, "cnn.train()", ["cnn_loop"]),
    *at(TRAINING, "for epoch in range(num_epochs):", ["cnn_loop"]),
    *(dropped(TRAINING, line, ["cnn_loop"]) for line in (BACKWARD, STEP, ZERO)),
    swapped(TRAINING, BACKWARD, STEP, ["cnn_loop"]),
    swapped(TRAINING, ZERO, STEP, ["cnn_loop"]),
    *at(TRAINING, "loss = F.cross_entropy(logits, labels)", ["cnn_loop"]),
    *at(TRAINING, "total_loss += loss.item() * len(labels)", ["cnn_loop"]),
    *at(TRAINING, "seen += len(labels)", ["cnn_loop"]),
    train('loaders["train"]', 'loaders["test"]', "Trains on the test images."),
    train('progress(loaders["train"]', 'progress(list(loaders["train"])[:-1]', "Leaves out the last batch."),
    train(f"        {MEAN}", f"            {MEAN}", "A mean for each batch."),
    train(MEAN, "losses.append(loss.item())", "The last batch's loss."),
    train(MEAN, "losses.append(total_loss)", "Sums in place of means."),
    train("    return losses", "    return losses[-1]", "The last mean alone."),
    train("total_loss, seen = 0.0, 0", "total_loss, seen = (0.0, 0) if epoch == 0 else (total_loss, seen)", "Sums go on."),
    train(
        "        total_loss, seen = 0.0, 0\n",
        "        total_loss, seen = 0.0, 0\n        optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)\n",
        "A new optimizer in each epoch.",
    ),
    train("torch.optim.Adam(", "torch.optim.AdamW(", "AdamW in place of Adam."),
]

MEASURES = [
    *at(TRAINING, "cnn.eval()", ["evaluate_model"], only=["train_mode"]),
    *at(TRAINING, "with torch.no_grad():", ["evaluate_model"]),
    *at(TRAINING, HITS, ["evaluate_model"]),
    *at(TRAINING, "total += len(labels)", ["evaluate_model"]),
    *at(TRAINING, RATE, ["evaluate_model"], label="rate"),
    measure(RATE, "return 100 * right / total", "Percents."),
    measure(RATE, "pass", "Nothing is returned."),
    measure(RATE, "return 0.88", "A hard-coded accuracy."),
    measure(RATE, "return 1 - right / total", "The error rate."),
    measure("in loader:", 'in loaders["test"]:', "Always the test images, whatever the loader."),
    measure("images, labels in loader:", "images, labels in [next(iter(loader))]:", "The first batch alone."),
    measure("    cnn.eval()\n", "    cnn.eval()\n    cnn.train()\n", "Back to training mode before the test."),
]

LOOPS = [*FITS, *TRAINS, *MEASURES]
