# %% mutant:
# about = "Eight numbers in place of 16."
# fails = ["layers"]
# %% network
# - self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 16))
# - self.decoder = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 784))
self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 8))
self.decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 784))

# %% mutant:
# about = "No ReLU in the encoder."
# fails = ["layers"]
# %% network
# - self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 16))
self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.Linear(64, 16))

# %% mutant:
# about = "No ReLU in the decoder."
# fails = ["layers"]
# %% network
# - self.decoder = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 784))
self.decoder = nn.Sequential(nn.Linear(16, 64), nn.Linear(64, 784))

# %% mutant:
# about = "A ReLU over the 16 numbers."
# fails = ["forward"]
# %% network
# - self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 16))
self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 16), nn.ReLU())

# %% mutant:
# about = "No sigmoid."
# fails = ["forward"]
# %% network
# - return torch.sigmoid(self.decoder(self.encoder(pictures))).reshape(-1, 1, 28, 28)
return self.decoder(self.encoder(pictures)).reshape(-1, 1, 28, 28)

# %% mutant:
# about = "A tanh in place of the sigmoid."
# fails = ["forward"]
# %% network
# - return torch.sigmoid(self.decoder(self.encoder(pictures))).reshape(-1, 1, 28, 28)
return torch.tanh(self.decoder(self.encoder(pictures))).reshape(-1, 1, 28, 28)

# %% mutant:
# about = "Not reshaped to pictures."
# fails = ["forward"]
# %% network
# - return torch.sigmoid(self.decoder(self.encoder(pictures))).reshape(-1, 1, 28, 28)
return torch.sigmoid(self.decoder(self.encoder(pictures)))
# %% train_code
# - loss = nn.functional.mse_loss(model(pictures), pictures)
loss = nn.functional.mse_loss(model(pictures), pictures.reshape(model(pictures).shape))

# %% mutant: train_code_zero_grad_dropped
# about = "`optimizer.zero_grad()` is left out."
# fails = ["training"]
# %% train_code
# - optimizer.zero_grad()
pass

# %% mutant: train_code_backward_dropped
# about = "`loss.backward()` is left out."
# fails = ["training"]
# %% train_code
# - loss.backward()
pass

# %% mutant: train_code_step_dropped
# about = "`optimizer.step()` is left out."
# fails = ["training"]
# %% train_code
# - optimizer.step()
pass

# %% mutant:
# about = "Absolute errors."
# fails = ["training"]
# %% train_code
# - loss = nn.functional.mse_loss(model(pictures), pictures)
loss = nn.functional.l1_loss(model(pictures), pictures)

# %% mutant:
# about = "The sum of the losses."
# fails = ["training"]
# %% train_code
# - losses.append(total / len(loader))
losses.append(total)

# %% mutant:
# about = "One epoch only."
# fails = ["training"]
# %% train_code
# - for _ in range(epochs):
for _ in range(1):
