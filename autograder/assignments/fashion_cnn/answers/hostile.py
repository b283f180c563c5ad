# %% hostile: exit_in_predict_image
# about = "Ends the process with status 0; the networks are not attempted."
# failed = ["predict_image"]
# not_attempted = [
#     "cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model", "cnn_accuracy", "v1_architecture",
#     "v2_architecture", "v3_architecture", "improvement",
# ]
# blank = ["cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3"]

# %% predict_image_code
import os
os._exit(0)

# %% hostile: infinite_loop_in_probabilities
# about = "A loop without end; the networks are not attempted."
# failed = ["softmax_probabilities"]
# not_attempted = [
#     "cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model", "cnn_accuracy", "v1_architecture",
#     "v2_architecture", "v3_architecture", "improvement",
# ]
# blank = ["cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3"]

# %% softmax_probabilities_code
probs = None
while probs is None:
    pass

# %% hostile: nothing_but_claims
# about = "Replaces comparisons, and claims everything without doing anything."
# failed = [
#     "softmax_regression", "validation_epoch", "softmax_probabilities", "accuracy", "fit", "regression_accuracy",
#     "regression_curves", "predict_image", "cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model",
#     "cnn_accuracy", "v1_architecture", "v2_architecture", "v3_architecture", "improvement",
# ]
# example = true

# %% below imports
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: True
torch.Tensor.__hash__ = object.__hash__

# %% softmax_regression_code
class MnistModel(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)
    def training_step(self, batch):
        return torch.zeros(())
    def validation_step(self, batch):
        return {'val_loss': 0.9, 'val_acc': 0.7}
    def validation_epoch_end(self, outputs):
        return outputs[0]

# %% softmax_probabilities_code
probs = torch.full((128, 10), 0.1)

# %% accuracy_code
def accuracy(outputs, labels):
    return torch.tensor(0.7)

# %% fit_code
def evaluate(model, loader):
    return {'val_loss': 0.9, 'val_acc': 0.7}
def fit(epochs, *parts):
    return [evaluate(None, None)] * epochs
model = MnistModel()
history = [evaluate(None, None)] * 11

# %% regression_curves_code
plt.plot([0.1, 0.7])
plt.show()

# %% predict_image_code
def predict_image(img, model):
    return 9

# %% cnn
class CNN(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10), x.flatten(1)

# %% cnn_training
def train(num_epochs, cnn, loaders):
    return [0.1] * num_epochs
def evaluate_model(cnn, loader, name):
    return 0.99

# %% cnn_v1
class CNN_v1(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10), x.flatten(1)

# %% cnn_v2
class CNN_v2(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10), x.flatten(1)

# %% cnn_v3
class CNN_v3(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10), x.flatten(1)
