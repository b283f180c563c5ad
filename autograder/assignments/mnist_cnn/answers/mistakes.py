# %% mistake: two_convolutions
# about = "Only two convolutions, 1 -> 32 -> 64, where four are asked; counts its own 824,458 parameters rightly."
# fails = ["architecture"]
# partial = ["architecture", "forward"]
# close = true
# example = true

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(64 * 7 * 7, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, start_dim=1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)

# %% parameter_formulas
# - convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 32) + learn_conv(3, 3, 32, 64) + learn_conv(3, 3, 64, 64)
convolutions = learn_conv(3, 3, 1, 32) + learn_conv(3, 3, 32, 64)

# %% mistake: size_is_a_float
# about = "w_out returns a float: a division with /."
# fails = ["output_size"]
# partial = ["output_size"]
# example = true
# %% output_size_code
# - return (w_in + 2 * p - k) // s + 1
return (w_in + 2 * p - k) / s + 1

# %% mistake: no_biases
# about = "Leaves the biases out of both formulas, and so out of the total."
# fails = ["conv_formula", "full_formula"]
# failed = ["conv_formula", "full_formula"]
# partial = ["total_parameters"]
# example = true
# %% parameter_formulas
# - return (w * h * d + 1) * k
return w * h * d * k
# - return (n + 1) * m
return n * m

# %% mistake: accuracy_on_the_training_set
# about = "Evaluates on the images that the network was trained on."
# fails = ["test_accuracy"]
# partial = ["test_accuracy"]
# example = true
# %% evaluation
# - for images, labels in test_loader:
for images, labels in train_loader:
# - test_accuracy = correct / len(test_data)
test_accuracy = correct / len(train_data)

# %% mistake: right_answers_per_batch
# about = "Divides the number of right answers by the number of batches."
# fails = ["test_accuracy"]
# partial = ["test_accuracy"]
# %% evaluation
# - test_accuracy = correct / len(test_data)
test_accuracy = correct / len(test_loader)

# %% mistake: batches_counted
# about = "Counts a batch as one right answer if all of it is right."
# fails = ["test_accuracy"]
# partial = ["test_accuracy"]
# %% evaluation
# - correct += (predicted == labels).sum().item()
correct += torch.equal(predicted, labels)

# %% mistake: softmax_at_the_end
# about = "Ends the network in a softmax, which cross-entropy applies a second time."
# fails = ["forward"]
# close = true
# %% mnist_cnn
# - x = self.fc2(x)
x = F.softmax(self.fc2(x), dim=1)

# %% mistake: softmax_in_the_loop
# about = "Applies a softmax in the training loop, before cross-entropy."
# fails = ["training"]
# partial = ["training"]
# %% training_code
# - loss = loss_function(logits, labels)
loss = loss_function(F.softmax(logits, dim=1), labels)

# %% mistake: percentage
# about = "The accuracy as a percentage."
# fails = ["test_accuracy"]
# %% evaluation
# - test_accuracy = correct / len(test_data)
test_accuracy = 100 * correct / len(test_data)

# %% mistake: ratio_inverted
# about = "The ratio the other way round."
# fails = ["total_parameters"]
# %% parameter_formulas
# - parameter_ratio = total_parameters / 105_681
parameter_ratio = 105_681 / total_parameters

# %% mistake: total_of_the_other_padding
# about = "A number filled in that belongs to the network without padding."
# fails = ["total_parameters"]
# %% parameter_formulas
# - total_parameters = convolutions + learn_full(64 * 7 * 7, 256) + learn_full(256, 10)
total_parameters = 329_962

# %% mistake: hard_coded_accuracy
# about = "Types in an accuracy."
# fails = ["test_accuracy"]
# %% evaluation
test_accuracy = 0.9874

# %% mistake: hard_coded_losses
# about = "Types in losses, and never trains."
# fails = ["training"]
# %% training_code
model = MNIST_CNN().to(device)
loss_history = [0.14, 0.045, 0.03]
training_seconds = 150.0
