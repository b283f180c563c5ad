# %% right: trainer_class
# about = "A class, in a cell of its own, that trains a network and keeps its losses."

# %% below print_shapes
class Trainer:
    def __init__(self, net, loader, lr=1e-3):
        self.net, self.loader = net.to(device), loader
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.losses: list[float] = []

    def __call__(self, epochs):
        for _ in range(epochs):
            self.net.train()
            for x, y in self.loader:
                self.opt.zero_grad()
                loss = F.cross_entropy(self.net(x.to(device)), y.to(device))
                loss.backward()
                self.opt.step()
                self.losses.append(loss.item())
        return self

# %% training_code
model, loss_history = None, []
set_seeds(seed)
begun = time.perf_counter()
trainer = Trainer(MNIST_CNN(), train_loader)(num_epochs)
model, loss_history = trainer.net, trainer.losses
training_seconds = time.perf_counter() - begun
