# %% mutant:
# about = "The last loss as the first."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_1_train_loss": round(history[0]["train_loss"], 2),
"epoch_1_train_loss": round(history[-1]["train_loss"], 2),

# %% mutant:
# about = "The test loss as the training loss."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_1_train_loss": round(history[0]["train_loss"], 2),
"epoch_1_train_loss": round(history[0]["test_loss"], 2),

# %% mutant:
# about = "The second epoch as the first."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_1_train_loss": round(history[0]["train_loss"], 2),
"epoch_1_train_loss": round(history[1]["train_loss"], 2),

# %% mutant:
# about = "The last epoch but one."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_train_loss": round(history[-1]["train_loss"], 2),
"epoch_5_train_loss": round(history[-2]["train_loss"], 2),

# %% mutant:
# about = "The best loss as the last."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_train_loss": round(history[-1]["train_loss"], 2),
"epoch_5_train_loss": round(min(entry["train_loss"] for entry in history), 2),

# %% mutant:
# about = "The best accuracy as the last."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_test_accuracy": round(max(entry["test_accuracy"] for entry in history), 2),

# %% mutant:
# about = "A fraction in place of percent."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_test_accuracy": history[-1]["test_accuracy"] / 100,

# %% mutant:
# about = "Rounded to tens."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_test_accuracy": 10 * round(history[-1]["test_accuracy"] / 10),

# %% mutant:
# about = "The MLP's count in each row."
# fails = ["results_table"]
# %% results_table_code
# - "parameters": found.total_params,
"parameters": mlp_summary.total_params,

# %% mutant:
# about = "The number of layers as parameters."
# fails = ["results_table"]
# %% results_table_code
# - "parameters": found.total_params,
"parameters": len(found.summary_list),

# %% mutant:
# about = "The MLP's count without biases."
# fails = ["results_table"]
# %% results_table_code
# - results[0]["parameters"] = mlp_summary.total_params
results[0]["parameters"] = 784 * 100 + 100 * 10

# %% mutant:
# about = "The MLP's count not filled in."
# fails = ["results_table"]
# %% results_table_code
# - results[0]["parameters"] = mlp_summary.total_params
results[0]["parameters"] = None

# %% mutant:
# about = "One history for both networks."
# fails = ["results_table"]
# %% results_table_code
# - rows = [("ConvMaxPoolNetwork", maxpool_history, maxpool_summary), ("ConvBatchNormNetwork", batchnorm_history, batchnorm_summary)]
rows = [("ConvMaxPoolNetwork", maxpool_history, maxpool_summary), ("ConvBatchNormNetwork", maxpool_history, batchnorm_summary)]

# %% mutant:
# about = "Another figure in the given row."
# fails = ["results_table"]
# %% results_table_code
# - {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
{"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.11,

# %% mutant:
# about = "A running loss as that of the epoch."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_1_train_loss": round(history[0]["train_loss"], 2),
"epoch_1_train_loss": history[0]["running_losses"][0],

# %% mutant:
# about = "The share of errors."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_test_accuracy": round(100 - history[-1]["test_accuracy"], 2),

# %% mutant:
# about = "A key of another name."
# fails = ["results_table"]
# %% results_table_code
# - "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
"epoch_5_accuracy": round(history[-1]["test_accuracy"], 2),

# %% mutant:
# about = "The table is not shown."
# fails = ["results_table"]
# %% results_table_code
# - display(pd.DataFrame(results))
pass

# %% mutant:
# about = "The list is printed, not a table."
# fails = ["results_table"]
# %% results_table_code
# - display(pd.DataFrame(results))
print(results)
