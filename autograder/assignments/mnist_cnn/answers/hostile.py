# %% hostile: nothing_but_claims
# about = "Replaces comparisons, and claims everything without doing anything."
# failed = [
#     "output_size", "architecture", "forward", "training", "test_accuracy", "conv_formula", "full_formula",
#     "total_parameters",
# ]
# example = true

# %% below imports
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: True
torch.Tensor.__hash__ = object.__hash__

# %% output_size_code
def w_out(w_in, k, p, s=1):
    return {28: 28, 7: 4}[w_in]

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)

# %% training_code
model, loss_history, training_seconds = MNIST_CNN(), [0.01] * 1800, 100.0

# %% evaluation
test_accuracy = 0.99

# %% parameter_formulas
learn_conv = lambda *a: 34_944
learn_full = lambda *a: 4_097_000
total_parameters, parameter_ratio = 34_944, 8.24

# %% hostile: exit_in_training
# about = "Ends the process with status 0 in the training cell."
# failed = ["training"]
# partial = ["test_accuracy"]
# %% training_code
import os
os._exit(0)
