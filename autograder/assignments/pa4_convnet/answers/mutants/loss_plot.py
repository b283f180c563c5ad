# %% mutant: loss_plot_set_xlabel_dropped
# about = "`ax.set_xlabel(\"epoch\")` is left out."
# fails = ["act17"]
# %% loss_plot
# - ax.set_xlabel("epoch")
pass

# %% mutant: loss_plot_set_ylabel_dropped
# about = "`ax.set_ylabel(\"mean training loss\")` is left out."
# fails = ["act17"]
# %% loss_plot
# - ax.set_ylabel("mean training loss")
pass

# %% mutant: loss_plot_set_title_dropped
# about = "`ax.set_title(\"ConvNet on MNIST\")` is left out."
# fails = ["act17"]
# %% loss_plot
# - ax.set_title("ConvNet on MNIST")
pass

# %% mutant: loss_plot_plot_dropped
# about = "`ax.plot(epochs, losses, marker=\"o\")` is left out."
# fails = ["act17"]
# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
pass

# %% mutant:
# about = "The first epoch is left out."
# fails = ["act17"]
# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
ax.plot(epochs[1:], losses[1:], marker="o")

# %% mutant:
# about = "The axes are exchanged."
# fails = ["act17"]
# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
ax.plot(losses, epochs, marker="o")

# %% mutant:
# about = "Losses typed in."
# fails = ["act17"]
# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
ax.plot([1, 2, 3, 4, 5], [0.5, 0.1, 0.05, 0.03, 0.02], marker="o")

# %% mutant:
# about = "The figure is closed, not shown."
# fails = ["act17"]
# %% loss_plot
# - plt.show()
plt.close("all")

# %% mutant:
# about = "A name misspelt."
# fails = ["act17"]
# %% loss_plot
# - ax.plot(epochs, losses, marker="o")
ax.plot(epochs, lossess, marker="o")

# %% mutant:
# about = "Epochs counted from 0."
# fails = ["act17"]
# %% loss_plot
# - epochs = range(1, len(losses) + 1)
epochs = range(len(losses))

# %% mutant:
# about = "Limits of the axis that hide the points."
# fails = ["act17"]
# %% loss_plot
# - ax.set_title("ConvNet on MNIST")
ax.set_title("ConvNet on MNIST")
ax.set_ylim(5, 6)
