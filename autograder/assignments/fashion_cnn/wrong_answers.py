"""Wrong answers to fashion_cnn, one mistake each, with the items at which it must be found."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import at, replaced

from .wrong_layers import LAYERS
from .wrong_loops import LOOPS

REGRESSION, PROBABILITIES, ACCURACY = "softmax_regression_code", "softmax_probabilities_code", "accuracy_code"
FIT, CURVES, IMAGE, TRAINING = "fit_code", "regression_curves_code", "predict_image_code", "cnn_training"
LOGITS, LOSS = "self.linear(images.flatten(start_dim=1))", "return F.cross_entropy(self(images), labels)"
MEAN = 'sum(float(output[name]) * output["num_images"] for output in outputs) / total'
SOFTMAX, FRACTION = "F.softmax(outputs, dim=1)", "(predictions == labels).float().mean()"
LAST = "logits.argmax(dim=1).item()"
PAIR = "return self.output(features), features"
EPOCHS = "epochs = range(len(history))"


def mistake(name: str, about: str, item: str, *edits: tuple[str, str, str]) -> Answer:
    """A mistake that circulates."""
    return Answer(f"mistake_{name}", "mistake", about, edits=edits, fails=(item,))


def wrong(cell: str, item: str, old: str, new: str, about: str, *also: tuple[str, str]) -> Answer:
    """A mutant of one cell; ``also`` has further (old, new) edits of it."""
    return replaced(cell, old, new, [item], about, also=[(cell, *edit) for edit in also])


MISTAKES = [
    mistake(
        "tensors_printed_by_regression",
        "MnistModel prints whole tensors in forward.",
        "softmax_regression",
        (REGRESSION, f"return {LOGITS}", f"print(images); return {LOGITS}"),
    ),
    mistake(
        "tensors_printed_by_cnn",
        "CNN prints whole tensors in forward.",
        "cnn_forward",
        ("cnn", PAIR, f"print(features); {PAIR}"),
    ),
    Answer(
        "mistake_validation_with_gradients",
        "mistake",
        "evaluate leaves gradients on.",
        edits=((FIT, "    with torch.no_grad():\n        results", "    if True:\n        results"),),
        fails=("fit",),
        verdicts={"fit": "partial"},
        example=True,
    ),
    mistake(
        "mean_of_batch_means",
        "validation_epoch_end averages batches: the short last one counts too much.",
        "validation_epoch",
        (REGRESSION, MEAN, "sum(float(output[name]) for output in outputs) / len(outputs)"),
    ),
    mistake(
        "mean_of_batch_losses",
        "train averages the batches' losses.",
        "cnn_loop",
        (TRAINING, "total_loss += loss.item() * len(labels)", "total_loss += loss.item()"),
        (TRAINING, "seen += len(labels)", "seen += 1"),
    ),
    mistake(
        "mean_of_batch_accuracies",
        "evaluate_model averages the batches' accuracies.",
        "evaluate_model",
        (TRAINING, "(logits.argmax(dim=1) == labels).sum().item()", "accuracy(logits, labels).item()"),
        (TRAINING, "total += len(labels)", "total += 1"),
    ),
    mistake(
        "called_mnist",
        "Calls the data MNIST in a title.",
        "regression_curves",
        (CURVES, "Accuracy of softmax regression", "Softmax regression on MNIST"),
    ),
    mistake(
        "old_name_printed",
        "evaluate_model prints the name of the first network, whichever it tests.",
        "evaluate_model",
        (TRAINING, 'f"{name}: accuracy', 'f"CNN: accuracy'),
    ),
    mistake(
        "tested_in_training_mode",
        "No eval() before the test of a network with dropout and batch norm.",
        "evaluate_model",
        (TRAINING, "    cnn.eval()\n", ""),
    ),
    mistake(
        "unseeded_split",
        "Splits again, without a generator, and trains and validates on loaders of its own.",
        "fit",
        (
            FIT,
            "set_seeds(seed)\n",
            "parts = random_split(all_train_data, [0.9, 0.1])\n"
            "train_loader, val_loader = (DataLoader(Subset(part, range(64)), batch_size=32) for part in parts)\n",
        ),
    ),
    mistake(
        "accuracy_of_the_last_batch",
        "evaluate_model gives the accuracy of the last batch alone.",
        "evaluate_model",
        (TRAINING, "return right / total", "return (logits.argmax(dim=1) == labels).float().mean().item()"),
    ),
    mistake(
        "optimizer_of_another_network",
        "train uses an optimizer from outside, made for another network.",
        "cnn_loop",
        (TRAINING, "def train(", "other = CNN()\n\n\ndef train("),
        (TRAINING, "torch.optim.Adam(cnn.parameters()", "torch.optim.Adam(other.parameters()"),
    ),
    mistake(
        "softmax_and_cross_entropy",
        "Softmax at the end of the model, and cross-entropy upon it.",
        "softmax_regression",
        (REGRESSION, f"return {LOGITS}", f"return {LOGITS}.softmax(dim=1)"),
    ),
]

MODEL = [
    *at(REGRESSION, "self.linear = nn.Linear(28 * 28, 10)", ["softmax_regression"], only=["in_features"]),
    *(
        wrong(REGRESSION, "softmax_regression", *edit)
        for edit in (
            ("nn.Linear(28 * 28, 10)", "nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))", "A hidden layer."),
            (LOGITS, f"{LOGITS}.relu()", "A ReLU after the layer."),
            ("images.flatten(start_dim=1)", "images.flatten()[None]", "Flattened with its batch dimension."),
            (LOSS, f"{LOSS}.detach()", "The loss without its gradient."),
        )
    ),
    *(
        wrong(REGRESSION, "validation_epoch", *edit)
        for edit in (
            ('for name in ("val_loss", "val_acc")', 'for name in ("val_loss",)', "No accuracy."),
            (MEAN, "float(outputs[-1][name])", "The last batch alone."),
            (
                f"means[name] = {MEAN}",
                "self.sums[name] += sum(float(output[name]) * output['num_images'] for output in outputs)\n"
                "            means[name] = self.sums[name] / self.total",
                "Sums that go on from epoch to epoch.",
                ("total = sum(output", "self.total += sum(output"),
                (
                    "self.linear = nn.Linear(28 * 28, 10)",
                    "self.linear = nn.Linear(28 * 28, 10)\n"
                    "        self.sums, self.total = {'val_loss': 0.0, 'val_acc': 0.0}, 0",
                ),
            ),
        )
    ),
    *at(PROBABILITIES, f"probs = {SOFTMAX}", ["softmax_probabilities"], only=["axis"]),
    *(
        wrong(PROBABILITIES, "softmax_probabilities", SOFTMAX, *edit)
        for edit in (
            ("F.softmax(outputs[0], dim=0)", "Only one image."),
            ("outputs.exp() / outputs.exp().sum()", "Divided by the sum over all images."),
        )
    ),
    *at(ACCURACY, "predictions = outputs.argmax(dim=1)", ["accuracy"], only=["axis"]),
    *at(ACCURACY, f"return {FRACTION}", ["accuracy"], label="fraction", only=["sum"]),
    *(
        wrong(ACCURACY, "accuracy", FRACTION, *edit)
        for edit in ((f"{FRACTION} * 100", "Percents."), ("(prediction == labels).float().mean()", "A typo."))
    ),
    *at(IMAGE, f"return {LAST}", ["predict_image"], only=["axis"]),
    *(wrong(IMAGE, "predict_image", *edit) for edit in (("img.unsqueeze(0)", "img", "No batch dimension."),)),
]

PLOTS = [
    wrong(CURVES, "regression_curves", *edit)
    for edit in (
        (EPOCHS, "epochs = range(1, len(history) + 1)", "Epochs from 1: the untrained model is called epoch 1."),
        (EPOCHS, f"history = history[1:]\n{EPOCHS}", "Without the untrained model."),
        (EPOCHS, "epochs = range(11)", "A number of points that is typed in."),
        ("right.plot", "left.plot", "Both curves on the same axes."),
        ('(xlabel="epoch", ylabel="validation loss"', '(ylabel="validation loss"', "No label of the x axis."),
    )
]

WRONG = [*MISTAKES, *MODEL, *LOOPS, *PLOTS, *LAYERS]
