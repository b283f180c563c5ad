# %% mutant:
# about = "The graph of the outputs, not of their mean."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
graph = make_dot(net(images), params=dict(net.named_parameters()))

# %% mutant:
# about = "The graph without names."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
graph = make_dot(net(images).mean())

# %% mutant:
# about = "The graph is not kept."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
make_dot(net(images).mean(), params=dict(net.named_parameters()))

# %% mutant:
# about = "The graph without gradients, which is empty."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
with torch.no_grad():
    graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))

# %% mutant:
# about = "The graph of one layer."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
graph = make_dot(net.fc1(torch.zeros(1, 3136)).mean(), params=dict(net.named_parameters()))

# %% mutant:
# about = "The sum in place of the mean."
# fails = ["act10"]
# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
graph = make_dot(net(images).sum(), params=dict(net.named_parameters()))
