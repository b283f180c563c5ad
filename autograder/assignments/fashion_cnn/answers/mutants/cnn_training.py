# %% mutants:
# fails = ["cnn_loop"]
# %% cnn_training
optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)

# %% mutants:
# fails = ["cnn_loop"]
# only = ["eval_mode"]
# %% cnn_training
cnn.train()

# %% mutants:
# fails = ["cnn_loop"]
# only = ["one_less"]
# %% cnn_training
for epoch in range(num_epochs):

# %% mutant: cnn_training_step_dropped
# about = "`optimizer.step()` is left out."
# fails = ["cnn_loop"]
# %% cnn_training
# - optimizer.step()
pass

# %% mutant: cnn_training_zero_grad_dropped
# about = "`optimizer.zero_grad()` is left out."
# fails = ["cnn_loop"]
# %% cnn_training
# - optimizer.zero_grad()
pass

# %% mutants:
# fails = ["cnn_loop"]
# only = ["overwritten"]
# %% cnn_training
total_loss += loss.item() * len(labels)
# %% cnn_training
seen += len(labels)

# %% mutant:
# about = "Trains on the test images."
# fails = ["cnn_loop"]
# %% cnn_training
# - for images, labels in progress(loaders["train"], f"epoch {epoch + 1}/{num_epochs}"):
for images, labels in progress(loaders["test"], f"epoch {epoch + 1}/{num_epochs}"):

# %% mutant:
# about = "A mean for each batch."
# fails = ["cnn_loop"]
# %% cnn_training
# - losses.append(total_loss / seen)
    losses.append(total_loss / seen)

# %% mutant:
# about = "The last batch's loss."
# fails = ["cnn_loop"]
# %% cnn_training
# - losses.append(total_loss / seen)
losses.append(loss.item())

# %% mutant:
# about = "Evaluation mode from the second epoch on."
# fails = ["cnn_loop"]
# %% cnn_training
# - losses.append(total_loss / seen)
losses.append(total_loss / seen)
evaluate_model(cnn, loaders["val"], "val")

# %% mutant:
# about = "Softmax before cross-entropy."
# fails = ["cnn_loop"]
# %% cnn_training
# - loss = F.cross_entropy(logits, labels)
loss = F.cross_entropy(logits.softmax(1), labels)

# %% mutant:
# about = "Losses of batches over images."
# fails = ["cnn_loop"]
# %% cnn_training
# - total_loss += loss.item() * len(labels)
total_loss += loss.item()

# %% mutant:
# about = "Weight decay."
# fails = ["cnn_loop"]
# %% cnn_training
# - optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)
optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01, weight_decay=1e-3)

# %% mutant:
# about = "A break after some batches."
# fails = ["cnn_loop"]
# %% cnn_training
# - optimizer.step()
optimizer.step()
if seen > 60:
    break

# %% mutant:
# about = "A new optimizer in each epoch."
# fails = ["cnn_loop"]
# %% cnn_training
# - total_loss, seen = 0.0, 0
total_loss, seen = 0.0, 0
optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)

# %% mutant:
# about = "A scheduler that acts after five epochs."
# fails = ["cnn_loop"]
# %% cnn_training
# - cnn.train()
cnn.train()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5)
# - losses.append(total_loss / seen)
losses.append(total_loss / seen)
scheduler.step()

# %% mutant:
# about = "A name with a typo, after the step."
# fails = ["cnn_loop"]
# %% cnn_training
# - seen += len(labels)
seen += len(label)

# %% mutant:
# about = "The first weights again in each epoch."
# fails = ["cnn_loop"]
# %% cnn_training
# - cnn.train()
# - for epoch in range(num_epochs):
cnn.train()
best = {name: value.clone() for name, value in cnn.state_dict().items()}
for epoch in range(num_epochs):
    cnn.load_state_dict(best)

# %% mutants:
# fails = ["evaluate_model"]
# only = ["train_mode"]
# %% cnn_training
cnn.eval()

# %% mutants:
# fails = ["evaluate_model"]
# %% cnn_training
with torch.no_grad():

# %% mutants:
# fails = ["evaluate_model"]
# only = ["overwritten", "axis"]
# %% cnn_training
right += (logits.argmax(dim=1) == labels).sum().item()

# %% mutants:
# fails = ["evaluate_model"]
# only = ["overwritten"]
# %% cnn_training
total += len(labels)

# %% mutants:
# fails = ["evaluate_model"]
# label = "rate"
# only = ["left_only"]
# %% cnn_training
return right / total

# %% mutant:
# about = "Always the test images, whatever the loader."
# fails = ["evaluate_model"]
# %% cnn_training
# - for images, labels in loader:
for images, labels in loaders["test"]:

# %% mutant:
# about = "Counts on from network to network."
# fails = ["evaluate_model"]

# %% cnn_training
# - def train(num_epochs, cnn, loaders):
# -     """Train with Adam, learning rate 0.01; return the mean loss per image of each epoch, a list of floats."""
# -     losses = []
# -     # TODO optimizer: Adam for this cnn; training mode
# -     optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)
# -     cnn.train()
# -     for epoch in range(num_epochs):
# -         total_loss, seen = 0.0, 0
# -         for images, labels in progress(loaders["train"], f"epoch {epoch + 1}/{num_epochs}"):
# -             # TODO training_loop: one step of training; add to total_loss and seen
# -             logits, features = cnn(images)
# -             loss = F.cross_entropy(logits, labels)
# -             optimizer.zero_grad()
# -             loss.backward()
# -             optimizer.step()
# -             total_loss += loss.item() * len(labels)
# -             seen += len(labels)
# -         losses.append(total_loss / seen)
# -         print(f"mean loss {losses[-1]:.4f}")
# -     return losses
# -
# -
# - def evaluate_model(cnn, loader, name):
def train(num_epochs, cnn, loaders):
    """Train with Adam, learning rate 0.01; return the mean loss per image of each epoch, a list of floats."""
    losses = []
    # TODO optimizer: Adam for this cnn; training mode
    optimizer = torch.optim.Adam(cnn.parameters(), lr=0.01)
    cnn.train()
    for epoch in range(num_epochs):
        total_loss, seen = 0.0, 0
        for images, labels in progress(loaders["train"], f"epoch {epoch + 1}/{num_epochs}"):
            # TODO training_loop: one step of training; add to total_loss and seen
            logits, features = cnn(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(labels)
            seen += len(labels)
        losses.append(total_loss / seen)
        print(f"mean loss {losses[-1]:.4f}")
    return losses


right, total = 0, 0


def evaluate_model(cnn, loader, name):
# - right, total = 0, 0
# - with torch.no_grad():
global right, total
with torch.no_grad():
