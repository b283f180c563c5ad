"""Wrong answers of cnn_blocks, one mistake each, with the items at which it must be found: summaries and table."""

from __future__ import annotations

from autograder.proof.catalogue import Answer
from autograder.proof.mutants import dropped, replaced

FIRST = 'round(history[0]["train_loss"], 2)'
LAST = 'round(history[-1]["train_loss"], 2)'
TESTED = 'round(history[-1]["test_accuracy"], 2)'
SHOWN = "display(pd.DataFrame(results))"
PRINTED = "for found in ("
MLP = "summary(MultiLayerPerceptron(), input_size=shape, verbose=0)"


def counted(old: str, new: str, about: str) -> Answer:
    """One mistake in the summaries."""
    return replaced("summaries", old, new, ["parameter_counts"], about)


COUNTS = [
    counted("summary(ConvMaxPoolNetwork()", "summary(ConvBatchNormNetwork()", "One network summarised twice."),
    counted(MLP, "summary(nn.Linear(784, 100), input_size=(1, 784), verbose=0)", "The first layer of the MLP alone."),
    counted(MLP, f"{MLP}.total_params", "A number in place of a summary."),
    counted(MLP, f"str({MLP})", "The text of a summary in its place."),
    counted(PRINTED, f"maxpool_summary, batchnorm_summary = 85_526, 77_918\n{PRINTED}", "Numbers typed in."),
    counted(
        PRINTED,
        f"mlp_summary = type('Summary', (), {{'total_params': 79_510}})()\n{PRINTED}",
        "An object that only looks like a summary.",
    ),
    dropped(
        "summaries", "batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)", ["parameter_counts"]
    ),
]


def told(old: str, new: str, about: str) -> Answer:
    """One mistake in the table."""
    return replaced("results_table_code", old, new, ["results_table"], about)


TABLE = [
    told(FIRST, LAST, "The last loss as the first."),
    told(FIRST, 'round(history[0]["test_loss"], 2)', "The test loss as the training loss."),
    told(FIRST, 'round(history[1]["train_loss"], 2)', "The second epoch as the first."),
    told(LAST, 'round(history[-2]["train_loss"], 2)', "The last epoch but one."),
    told(LAST, 'round(min(entry["train_loss"] for entry in history), 2)', "The best loss as the last."),
    told(TESTED, 'round(max(entry["test_accuracy"] for entry in history), 2)', "The best accuracy as the last."),
    told(TESTED, 'history[-1]["test_accuracy"] / 100', "A fraction in place of percent."),
    told(TESTED, '10 * round(history[-1]["test_accuracy"] / 10)', "Rounded to tens."),
    told('"parameters": found.total_params', '"parameters": mlp_summary.total_params', "The MLP's count in each row."),
    told('"parameters": found.total_params', '"parameters": len(found.summary_list)', "The number of layers as parameters."),
    told("mlp_summary.total_params", "784 * 100 + 100 * 10", "The MLP's count without biases."),
    told("mlp_summary.total_params", "None", "The MLP's count not filled in."),
    told("batchnorm_history, batchnorm_summary", "maxpool_history, batchnorm_summary", "One history for both networks."),
    told('"epoch_5_train_loss": 0.16', '"epoch_5_train_loss": 0.11', "Another figure in the given row."),
    told(FIRST, 'history[0]["running_losses"][0]', "A running loss as that of the epoch."),
    told(TESTED, 'round(100 - history[-1]["test_accuracy"], 2)', "The share of errors."),
    told('"epoch_5_test_accuracy": round', '"epoch_5_accuracy": round', "A key of another name."),
    told(SHOWN, "pass", "The table is not shown."),
    told(SHOWN, "print(results)", "The list is printed, not a table."),
]
