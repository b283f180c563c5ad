# %% right: closure
# about = "A trainer whose optimizer calls a closure; the mean over batches."

# %% trainer
class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net, self.optim, self.loss_function, self.train_loader = net, optim, loss_function, train_loader

    def train(self, epochs):
        history = {"loss": []}
        for epoch in range(1, epochs + 1):
            running = []
            for images, labels in iter(self.train_loader):
                images, labels = images.to(device), labels.to(device)

                def closure():
                    self.optim.zero_grad(set_to_none=False)
                    loss = self.loss_function(self.net(images), labels)
                    loss.backward()
                    return loss

                running.append(self.optim.step(closure).detach())
            history["loss"].append(torch.stack(running).mean().item())
        return history["loss"]

# %% test_accuracy
net.eval()
err = tot = 0
for x, y in tqdm(test_loader, file=sys.stdout):
    x, y = x.to(device), y.to(device)
    err += sum(1 for a, b in zip(torch.softmax(net(x), 1).argmax(1).tolist(), y.tolist()) if a != b)
    tot += len(y)
accuracy = 1 - err/tot
