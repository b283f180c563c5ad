# %% right: goes_on_below
# about = "Answers that end in cells of its own: a helper, the graph, the training, the pictures, and what was tried."

# %% network_graph
# - graph = make_dot(net(images).mean(), params=dict(net.named_parameters()))
mean = net(images).mean()

# %% below network_graph
graph = make_dot(mean, params=dict(net.named_parameters()))

# %% trainer
# - self.optim.zero_grad()
clear(self.optim)

# %% below trainer
def clear(optim):
    optim.zero_grad()

# %% learning_rate
learning_rate = 0.01
set_seeds(seed)
net = ConvNet().to(device)
optim = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
trainer = Trainer(net, optim, loss_function, train_loader)

# %% below learning_rate
trainer.optimizer

# %% below learning_rate
losses = trainer.train(num_epochs)

# %% below learning_rate
first, last = losses[0], losses[-1]
del trainer
first / last / 0

# %% filters
filters = [kernel[0] for kernel in net.conv1.weight.detach().cpu().numpy()]

# %% below filters
for kernel in filters:
    plt.imshow(kernel)
    plt.show()
kernel.nothing
