# %% mistake: errors_counted_in_batches
# about = "Counts a batch with an error as one error."
# fails = ["act19"]
# partial = ["act19"]
# example = true
# %% test_accuracy
# - err += (yh != y).sum().item()
err += not torch.equal(y, yh)

# %% mistake: plot_of_num_epochs
# about = "Plots the number of epochs, not the losses."
# fails = ["act17"]
# partial = ["act17"]
# whole = true
# %% loss_plot
# - epochs = range(1, len(losses) + 1)
# - ax.plot(epochs, losses, marker="o")
# - ax.set_xticks(epochs)
ax.plot(num_epochs, marker="o")

# %% mistake: x_axis_cut
# about = "Limits the x axis to 0.5, so that no epoch is visible."
# fails = ["act17"]
# partial = ["act17"]
# whole = true
# %% loss_plot
# - ax.set_xticks(epochs)
ax.set_xlim(0, 0.5)

# %% mistake: feature_maps_without_relu
# about = "Shows the convolution without its ReLU."
# fails = ["act23"]
# partial = ["act23"]
# whole = true
# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.conv1(data)

# %% mistake: global_loss
# about = "The trainer uses the notebook's loss function in place of its own."
# fails = ["act13"]
# failed = ["act13"]
# example = true
# slow = true
# %% trainer
# - loss = self.loss_function(output, labels)
loss = loss_function(output, labels)

# %% mistake: loss_appended_per_batch
# about = "Appends the epoch's loss once for each batch."
# fails = ["act16"]
# partial = ["act16"]
# whole = true
# %% trainer
# - losses.append(total_loss / seen)
    losses.append(total_loss / seen)

# %% mistake: gradients_never_zeroed
# about = "Never sets the gradients to zero."
# fails = ["act11"]
# failed = ["act11"]
# partial = ["act16", "act19"]
# close = true
# example = true
# slow = true
# %% trainer
# - self.optim.zero_grad()
pass

# %% mistake: relu_after_fc2
# about = "Puts a ReLU after the last layer."
# fails = ["act09"]
# partial = ["act09", "act16", "act19"]  # without negative logits the training stays far above the bound
# close = true
# example = true
# slow = true
# %% convnet
# - x = self.fc2(x)
x = F.relu(self.fc2(x))

# %% mistake: accuracy_in_training_mode
# about = "Tests the network in training mode."
# fails = ["act19"]
# partial = ["act19"]
# whole = true
# %% test_accuracy
# - net.eval()
net.train()

# %% mistake: conv2_has_64x5x5_weights
# about = "Says in prose that conv2 has 64x5x5 weights."
# equivalent = "no autograded item is wrong: a person marks this text"
# whole = true
# %% act24 [markdown]
# conv2 has 64 x 5 x 5 = 1,600 weights, so the ConvNet is small and learns faster.

# %% mistake: networks_of_the_same_size
# about = "Says in prose that both networks are about the same size."
# equivalent = "no autograded item is wrong: a person marks this text"
# whole = true
# %% act24 [markdown]
# Both networks have about the same size, so only the architecture makes the difference.
