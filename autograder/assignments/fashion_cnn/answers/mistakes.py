# %% mistake: tensors_printed_by_regression
# about = "MnistModel prints whole tensors in forward."
# fails = ["softmax_regression"]
# %% softmax_regression_code
# - return self.linear(images.flatten(start_dim=1))
print(images); return self.linear(images.flatten(start_dim=1))

# %% mistake: tensors_printed_by_cnn
# about = "CNN prints whole tensors in forward."
# fails = ["cnn_forward"]
# %% cnn
# - return self.output(features), features
print(features); return self.output(features), features

# %% mistake: validation_with_gradients
# about = "evaluate leaves gradients on."
# fails = ["fit"]
# partial = ["fit"]
# example = true
# %% fit_code
# - with torch.no_grad():
if True:

# %% mistake: mean_of_batch_means
# about = "validation_epoch_end averages batches: the short last one counts too much."
# fails = ["validation_epoch"]
# %% softmax_regression_code
# - means[name] = sum(float(output[name]) * output["num_images"] for output in outputs) / total
means[name] = sum(float(output[name]) for output in outputs) / len(outputs)

# %% mistake: mean_of_batch_losses
# about = "train averages the batches' losses."
# fails = ["cnn_loop"]
# %% cnn_training
# - total_loss += loss.item() * len(labels)
# - seen += len(labels)
total_loss += loss.item()
seen += 1

# %% mistake: mean_of_batch_accuracies
# about = "evaluate_model averages the batches' accuracies."
# fails = ["evaluate_model"]
# %% cnn_training
# - right += (logits.argmax(dim=1) == labels).sum().item()
# - total += len(labels)
right += accuracy(logits, labels).item()
total += 1

# %% mistake: called_mnist
# about = "Calls the data MNIST in a title."
# fails = ["regression_curves"]
# %% regression_curves_code
# - left.set(xlabel="epoch", ylabel="validation accuracy", title="Accuracy of softmax regression")
left.set(xlabel="epoch", ylabel="validation accuracy", title="Softmax regression on MNIST")

# %% mistake: old_name_printed
# about = "evaluate_model prints the name of the first network, whichever it tests."
# fails = ["evaluate_model"]
# %% cnn_training
# - print(f"{name}: accuracy {right / total:.4f}")
print(f"CNN: accuracy {right / total:.4f}")

# %% mistake: tested_in_training_mode
# about = "No eval() before the test of a network with dropout and batch norm."
# fails = ["evaluate_model"]
# %% cnn_training
# - cnn.eval()

# %% mistake: unseeded_split
# about = "Splits again, without a generator, and trains and validates on loaders of its own."
# fails = ["fit"]
# %% fit_code
# - set_seeds(seed)
parts = random_split(all_train_data, [0.9, 0.1])
train_loader, val_loader = (DataLoader(Subset(part, range(64)), batch_size=32) for part in parts)

# %% mistake: accuracy_of_the_last_batch
# about = "evaluate_model gives the accuracy of the last batch alone."
# fails = ["evaluate_model"]
# %% cnn_training
# - return right / total
return (logits.argmax(dim=1) == labels).float().mean().item()

# %% mistake: optimizer_of_another_network
# about = "train uses an optimizer from outside, made for another network."
# fails = ["cnn_loop"]

# %% cnn_training
# - def train(num_epochs, cnn, loaders):
other = CNN()


def train(num_epochs, cnn, loaders):
# - optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)
optimizer = torch.optim.Adam(other.parameters(), lr=0.01)

# %% mistake: softmax_and_cross_entropy
# about = "Softmax at the end of the model, and cross-entropy upon it."
# fails = ["softmax_regression"]
# close = true
# %% softmax_regression_code
# - return self.linear(images.flatten(start_dim=1))
return self.linear(images.flatten(start_dim=1)).softmax(dim=1)

# %% mistake: versions_give_logits_alone
# about = "The three versions return logits, no pair; the loops take both."
# fails = ["v1_architecture", "v2_architecture", "v3_architecture"]

# %% cnn_training
# - # TODO training_loop: one step of training; add to total_loss and seen
# - logits, features = cnn(images)
# TODO training_loop: one step of training; add to total_loss and seen
logits = cnn(images)
logits = logits if torch.is_tensor(logits) else logits[0]
# - logits, features = cnn(images)
logits = cnn(images)
logits = logits if torch.is_tensor(logits) else logits[0]

# %% cnn_v1
# - return self.output(features), features
return self.output(features)

# %% cnn_v2
# - return self.output(features), features
return self.output(features)

# %% cnn_v3
# - return self.output(self.hidden(features)), features
return self.output(self.hidden(features))
