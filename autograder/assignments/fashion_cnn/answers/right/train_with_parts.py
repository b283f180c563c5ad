# %% right: train_with_parts
# about = "Loops with optimizers built in other ways."

# %% cnn_training
def train(num_epochs, cnn, loaders):
    criterion, adam = nn.CrossEntropyLoss(), torch.optim.Adam(list(cnn.parameters()), 0.01)
    losses = []
    for _ in range(num_epochs):
        cnn.train()
        total = 0.0
        for images, labels in loaders["train"]:
            for parameter in cnn.parameters():
                parameter.grad = None
            loss = criterion(cnn(images)[0], labels)
            torch.autograd.backward(loss)
            adam.step()
            total += loss.item() * images.size(0)
        with torch.no_grad():
            cnn.eval()
            images, labels = next(iter(loaders["val"]))
            print("validation loss of a batch:", criterion(cnn(images)[0], labels).item())
        losses.append(total / sum(len(labels) for _, labels in loaders["train"]))
    return losses


def evaluate_model(cnn, loader, name):
    cnn.eval()
    guesses, answers = [], []
    for images, labels in loader:
        guesses.append(cnn(images)[0].detach().argmax(dim=1).cpu().numpy())
        answers.append(labels.cpu().numpy())
    result = np.mean(np.concatenate(guesses) == np.concatenate(answers))
    print(f"Model {name}: {result:.2%}")
    return result


evaluate_model = torch.no_grad()(evaluate_model)
