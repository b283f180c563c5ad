# %% right: code_in_files
# about = "Writes models, with the function that they use, into files, and imports them below."

# %% softmax_regression_code
%%writefile regression.py
import torch.nn.functional as F
from torch import nn


def accuracy(outputs, labels):
    return (outputs.argmax(dim=1) == labels).float().mean()


class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(28 * 28, 10)

    def forward(self, images):
        return self.linear(images.flatten(start_dim=1))

    def training_step(self, batch):
        images, labels = batch
        return F.cross_entropy(self(images), labels)

    def validation_step(self, batch):
        images, labels = batch
        logits = self(images)
        return {
            "val_loss": F.cross_entropy(logits, labels), "val_acc": accuracy(logits, labels), "num_images": len(labels)
        }

    def validation_epoch_end(self, outputs):
        total = sum(output["num_images"] for output in outputs)
        return {
            name: sum(float(output[name]) * output["num_images"] for output in outputs) / total
            for name in ("val_loss", "val_acc")
        }

    def epoch_end(self, epoch, result):
        print(f"epoch {epoch}: val_loss {result['val_loss']:.4f}, val_acc {result['val_acc']:.4f}")

# %% below softmax_regression_code
from regression import MnistModel

# %% accuracy_code
from regression import accuracy

# %% cnn
%%writefile networks_of_mine.py
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for before, after in ((1, 16), (16, 32)):
            layers += [nn.Conv2d(before, after, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        self.blocks, self.output = nn.Sequential(*layers, nn.Flatten()), nn.Linear(1568, 10)

    def forward(self, x):
        features = self.blocks(x)
        return self.output(features), features

# %% below cnn
from networks_of_mine import CNN
