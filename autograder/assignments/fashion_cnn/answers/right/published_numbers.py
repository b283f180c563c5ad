# %% right: published_numbers
# about = "Writes out the published number of epochs; two figures, scatter and percent."

# %% fit_code
# - history += fit(num_epochs_regression, 0.001, model, train_loader, val_loader)
history += fit(10, 1e-3, model, train_loader, val_loader)

# %% regression_curves_code
epoch = list(range(0, len(history)))
plt.figure()
plt.scatter(epoch, [100 * h["val_acc"] for h in history])
plt.xlabel("epoch"); plt.ylabel("accuracy in %")
plt.suptitle("Softmax regression on Fashion MNIST")
plt.show()
plt.figure()
plt.semilogy(epoch, [h["val_loss"] for h in history], marker="s")
plt.gca().set(xlabel="epoch", ylabel="cross-entropy", title="MnistModel: validation loss")
plt.grid(True)
plt.show()
