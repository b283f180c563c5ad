# %% mutant:
# about = "Epochs from 1: the untrained model is called epoch 1."
# fails = ["regression_curves"]
# %% regression_curves_code
# - epochs = range(len(history))
epochs = range(1, len(history) + 1)

# %% mutant:
# about = "Without the untrained model."
# fails = ["regression_curves"]
# %% regression_curves_code
# - # TODO regression_curves: accuracy and loss against epoch, with labels and titles
# TODO regression_curves: accuracy and loss against epoch, with labels and titles
history = history[1:]

# %% mutant:
# about = "A number of points that is typed in."
# fails = ["regression_curves"]
# %% regression_curves_code
# - epochs = range(len(history))
epochs = range(11)

# %% mutant:
# about = "Both curves on the same axes."
# fails = ["regression_curves"]
# %% regression_curves_code
# - right.plot(epochs, [float(result["val_loss"]) for result in history], marker="o")
left.plot(epochs, [float(result["val_loss"]) for result in history], marker="o")

# %% mutant:
# about = "No label of the x axis."
# fails = ["regression_curves"]
# %% regression_curves_code
# - right.set(xlabel="epoch", ylabel="validation loss", title="Loss on Fashion-MNIST")
right.set(ylabel="validation loss", title="Loss on Fashion-MNIST")
