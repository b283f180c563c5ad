# %% mutant:
# about = "Classes of a probability above one half only."
# fails = ["test_accuracy"]
# %% evaluation
# - predicted = model(images).argmax(dim=1)
predicted = (model(images).softmax(1) > 0.5).long().argmax(dim=1)

# %% mutant:
# about = "A text."
# fails = ["test_accuracy"]
# %% evaluation
# - test_accuracy = correct / len(test_data)
test_accuracy = f"{correct / len(test_data):.2%}"
# - print(f"test accuracy: {test_accuracy:.4f}")
print(test_accuracy)

# %% mutants:
# fails = ["test_accuracy"]
# %% evaluation
model.eval()
# %% evaluation
with torch.no_grad():

# %% mutants:
# fails = ["test_accuracy"]
# label = "batches"
# only = ["other_data"]
# %% evaluation
for images, labels in test_loader:

# %% mutants:
# fails = ["test_accuracy"]
# %% evaluation
predicted = model(images).argmax(dim=1)
# %% evaluation
correct += (predicted == labels).sum().item()

# %% mutants:
# fails = ["test_accuracy"]
# skip = ["sign"]
# %% evaluation
test_accuracy = correct / len(test_data)

# %% mutant:
# about = "The share of errors."
# fails = ["test_accuracy"]
# %% evaluation
# - test_accuracy = correct / len(test_data)
test_accuracy = 1 - correct / len(test_data)

# %% mutant:
# about = "The last batch only."
# fails = ["test_accuracy"]
# %% evaluation
# - with torch.no_grad():
# -     for images, labels in test_loader:
# -         images, labels = images.to(device), labels.to(device)
# -         predicted = model(images).argmax(dim=1)
# -         correct += (predicted == labels).sum().item()
# - test_accuracy = correct / len(test_data)
with torch.no_grad():
    for images, labels in test_loader:
        images, labels = images.to(device), labels.to(device)
        predicted = model(images).argmax(dim=1)
        correct = (predicted == labels).float().mean()
test_accuracy = correct.item()

# %% mutant:
# about = "Counts after the loop."
# fails = ["test_accuracy"]
# %% evaluation
# - for images, labels in test_loader:
# -     images, labels = images.to(device), labels.to(device)
# -     predicted = model(images).argmax(dim=1)
# -     correct += (predicted == labels).sum().item()
for images, labels in test_loader:
    images, labels = images.to(device), labels.to(device)
    predicted = model(images).argmax(dim=1)
correct += (predicted == labels).sum().item()

# %% mutant:
# about = "Tests an untrained network."
# fails = ["test_accuracy"]
# %% evaluation
# - predicted = model(images).argmax(dim=1)
predicted = MNIST_CNN().to(device)(images).argmax(dim=1)

# %% mutant:
# about = "Logits of the training."
# fails = ["test_accuracy"]
# %% evaluation
# - predicted = model(images).argmax(dim=1)
predicted = logits[:len(images)].argmax(dim=1)
