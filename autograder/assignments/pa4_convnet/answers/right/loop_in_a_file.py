# %% right: loop_in_a_file
# about = "Writes the trainer into a file, reads it anew, and imports it."

# %% trainer
%%writefile training_loop.py
import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Trainer:
    def __init__(self, net, optim, loss_function, train_loader):
        self.net, self.optim, self.loss_function, self.train_loader = net, optim, loss_function, train_loader

    def train(self, epochs):
        self.net.train()
        return [self.epoch() for _ in range(epochs)]

    def epoch(self):
        total = 0.0
        for images, labels in self.train_loader:
            images, labels = images.to(device), labels.to(device)
            self.optim.zero_grad()
            loss = self.loss_function(self.net(images), labels)
            loss.backward()
            self.optim.step()
            total += loss.item() * len(labels)
        return total / len(self.train_loader.dataset)

# %% below trainer
import importlib
import training_loop
importlib.reload(training_loop)
from training_loop import *
