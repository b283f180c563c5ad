# %% right: data_frames
# about = "Histories through pandas, results replaced by a styled data frame, counts typed in from the summaries."

# %% results_table_code
results = [{"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16,
            "epoch_5_test_accuracy": 95.38, "parameters": 79_510}]
frames = {"ConvMaxPoolNetwork": pd.DataFrame(maxpool_history), "ConvBatchNormNetwork": pd.DataFrame(batchnorm_history)}
for (name, frame), count in zip(frames.items(), [85_526, 77_918]):
    results.append({"model": name, "epoch_1_train_loss": frame.train_loss.iloc[0],
                    "epoch_5_train_loss": np.round(frame["train_loss"].iloc[-1], 3),
                    "epoch_5_test_accuracy": float(frame["test_accuracy"].iloc[-1]), "parameters": count})
results = pd.DataFrame(results)
results.set_index("model").style.format(precision=2)
