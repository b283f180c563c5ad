# %% mutants:
# fails = ["softmax_regression"]
# only = ["in_features"]
# %% softmax_regression_code
self.linear = nn.Linear(28 * 28, 10)

# %% mutant:
# about = "A hidden layer."
# fails = ["softmax_regression"]
# %% softmax_regression_code
# - self.linear = nn.Linear(28 * 28, 10)
self.linear = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))

# %% mutant:
# about = "A ReLU after the layer."
# fails = ["softmax_regression"]
# %% softmax_regression_code
# - return self.linear(images.flatten(start_dim=1))
return self.linear(images.flatten(start_dim=1)).relu()

# %% mutant:
# about = "Flattened with its batch dimension."
# fails = ["softmax_regression"]
# %% softmax_regression_code
# - return self.linear(images.flatten(start_dim=1))
return self.linear(images.flatten()[None])

# %% mutant:
# about = "The loss without its gradient."
# fails = ["softmax_regression"]
# %% softmax_regression_code
# - return F.cross_entropy(self(images), labels)
return F.cross_entropy(self(images), labels).detach()

# %% mutant:
# about = "No accuracy."
# fails = ["validation_epoch"]
# %% softmax_regression_code
# - for name in ("val_loss", "val_acc"):
for name in ("val_loss",):

# %% mutant:
# about = "The last batch alone."
# fails = ["validation_epoch"]
# %% softmax_regression_code
# - means[name] = sum(float(output[name]) * output["num_images"] for output in outputs) / total
means[name] = float(outputs[-1][name])

# %% mutant:
# about = "Sums that go on from epoch to epoch."
# fails = ["validation_epoch"]
# %% softmax_regression_code
# - self.linear = nn.Linear(28 * 28, 10)
self.linear = nn.Linear(28 * 28, 10)
self.sums, self.total = {'val_loss': 0.0, 'val_acc': 0.0}, 0
# - total = sum(output["num_images"] for output in outputs)
self.total += sum(output["num_images"] for output in outputs)
# - means[name] = sum(float(output[name]) * output["num_images"] for output in outputs) / total
self.sums[name] += sum(float(output[name]) * output['num_images'] for output in outputs)
means[name] = self.sums[name] / self.total
