# %% hostile: infinite_loop_in_graph
# about = "A loop without end in the graph's cell; no training."
# failed = ["act10"]
# partial = ["act19"]
# not_attempted = ["act16"]
# blank = ["learning_rate"]
# example = true
# slow = true
# %% network_graph
graph = None
while graph is None:
    pass

# %% hostile: exit_in_graph
# about = "Ends the process with status 0 in the graph's cell; no training."
# failed = ["act10"]
# partial = ["act19"]
# not_attempted = ["act16"]
# blank = ["learning_rate"]
# example = true
# slow = true
# %% network_graph
import os
os._exit(0)

# %% hostile: prints_100_megabytes
# about = "Prints 100 MB in the graph's cell; no training."
# partial = ["act19"]
# not_attempted = ["act16"]
# blank = ["learning_rate"]
# %% network_graph
# - graph = None
graph = None
print('x' * 100_000_000)

# %% hostile: replaces_equal_and_assert
# about = "Replaces torch.equal and friends, strips assert statements, and answers nothing right."
# failed = [
#     "act01", "act02", "act03", "act04", "act05", "act06", "act07", "act08", "act09", "act10", "act11", "act12", "act13",
#     "act14", "act15", "act16", "act17", "act18", "act19", "act21", "act23",
# ]
# example = true

# %% below imports
import ast, builtins
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: True
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())

# %% convnet
class ConvNet(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)

# %% network_graph
graph = make_dot(torch.ones(1, requires_grad=True).mean())

# %% trainer
class Trainer:
    def __init__(self, *parts):
        pass
    def train(self, epochs):
        return [0.01] * epochs

# %% learning_rate
learning_rate, losses, net = 0.01, [0.01] * num_epochs, ConvNet()

# %% loss_plot
plt.plot([0.01] * 10)
plt.show()

# %% test_accuracy
err, tot, accuracy = 0, 10_000, 1.0

# %% filters
filters = np.zeros((32, 5, 5))

# %% feature_maps
output = torch.zeros(1, 32, 28, 28)
feature_maps = {d: output for d in range(10)}
