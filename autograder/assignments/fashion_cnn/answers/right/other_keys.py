# %% right: other_keys
# about = "The batch sizes travel under another name, results as tensors."

# %% softmax_regression_code
class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def forward(self, images):
        return self.net(images)

    def loss_of(self, images, labels):
        return nn.CrossEntropyLoss()(self.forward(images), labels)

    def training_step(self, batch):
        return self.loss_of(*batch)

    def validation_step(self, batch):
        images, labels = batch
        return {"val_loss": self.loss_of(images, labels), "val_acc": accuracy(self(images), labels),
                "weight": torch.tensor(float(len(labels)))}

    def validation_epoch_end(self, outputs):
        weights = torch.stack([out["weight"] for out in outputs])
        def mean(key):
            return torch.dot(torch.stack([out[key].float().cpu() for out in outputs]), weights) / weights.sum()
        return {"val_loss": mean("val_loss"), "val_acc": mean("val_acc"), "images": int(weights.sum())}

    def epoch_end(self, epoch, result):
        print(f"{epoch=} {result['val_loss'].item():.3f} {result['val_acc'].item():.3f}")

# %% regression_curves_code
fig, axs = plt.subplots(nrows=2, figsize=(6, 7))
for ax, key, what in zip(axs, ["val_acc", "val_loss"], ["accuracy", "loss"]):
    ax.plot(np.arange(0, len(history)), [entry[key].item() for entry in history], "r--o", label=what)
    ax.set_xlabel("epochs")
    ax.set_ylabel(what)
    ax.legend()
    ax.set_title(f"Validation {what}, FashionMNIST")
fig.tight_layout()
