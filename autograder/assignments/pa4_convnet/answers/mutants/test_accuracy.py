# %% mutant:
# about = "Only the images are moved."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
x = x.to(device)

# %% mutant: test_accuracy_to_to_dropped
# about = "`x, y = x.to(device), y.to(device)` is left out."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
pass

# %% mutant:
# about = "The moved tensors are not kept."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
x.to(device)
y.to(device)

# %% mutant:
# about = "The moved labels are not kept."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
x = x.to(device)
y.to(device)

# %% mutant:
# about = "The moved tensors get names that are not used."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
images, labels = x.to(device), y.to(device)

# %% mutant:
# about = "Another type in place of another device."
# fails = ["act18"]
# %% test_accuracy
# - x, y = x.to(device), y.to(device)
x, y = x.to(torch.float32), y.to(torch.int64)

# %% mutant:
# about = "Neither errors nor images are counted."
# fails = ["act19"]
# %% test_accuracy
# - err += (yh != y).sum().item()
# - tot += len(y)
pass
pass

# %% mutants:
# fails = ["act19"]
# label = "err"
# %% test_accuracy
err += (yh != y).sum().item()

# %% mutants:
# fails = ["act19"]
# %% test_accuracy
tot += len(y)

# %% mutant:
# about = "Each batch counts as a full one."
# fails = ["act19"]
# %% test_accuracy
# - tot += len(y)
tot += test_loader.batch_size

# %% mutant:
# about = "Counts batches."
# fails = ["act19"]
# %% test_accuracy
# - err += (yh != y).sum().item()
err += (yh != y).any().item()

# %% mutants:
# fails = ["act19"]
# %% test_accuracy
yh = net(x).argmax(dim=1)

# %% mutants:
# fails = ["act18", "act19"]
# %% test_accuracy
for x, y in test_loader:

# %% mutant: test_accuracy_eval_dropped
# about = "`net.eval()` is left out."
# fails = ["act19"]
# %% test_accuracy
# - net.eval()
pass

# %% mutant:
# about = "Sums distances."
# fails = ["act19"]
# %% test_accuracy
# - err += (yh != y).sum().item()
err += (yh - y).abs().sum().item()

# %% mutant:
# about = "Sums differences."
# fails = ["act19"]
# %% test_accuracy
# - err += (yh != y).sum().item()
err += (yh - y).sum().item()
