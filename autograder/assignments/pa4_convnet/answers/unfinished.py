# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = [
#     "act01", "act02", "act03", "act04", "act05", "act06", "act07", "act08", "act09", "act10", "act11", "act12", "act13",
#     "act14", "act15", "act16", "act17", "act18", "act19", "act21", "act23",
# ]
# blank = [
#     "convnet", "network_graph", "trainer", "learning_rate", "loss_plot", "test_accuracy", "filters", "feature_maps",
#     "manual", "act20", "act21_text", "act22", "act24",
# ]
# example = true

# %% unfinished: half_right
# about = "About half of the points: a ReLU forgotten, two mistakes in the trainer, and later tasks not attempted."
# failed = ["act11", "act13"]
# partial = ["act07", "act19"]
# not_attempted = ["act10", "act16", "act17", "act21", "act23"]
# blank = ["network_graph", "learning_rate", "loss_plot", "filters", "feature_maps", "act22", "act24"]
# example = true

# %% convnet
# - x = self.pool2(F.relu(self.conv2(x)))
x = self.pool2(self.conv2(x))

# %% trainer
# - self.optim.zero_grad()
pass
# - loss = self.loss_function(output, labels)
loss = loss_function(output, labels)

# %% unfinished: syntax_error_in_trainer
# about = "A syntax error in the trainer's cell."
# failed = ["act11", "act12", "act13", "act14", "act15", "act16"]
# partial = ["act19"]
# example = true
# %% trainer
# - loss.backward()
loss.backward(
