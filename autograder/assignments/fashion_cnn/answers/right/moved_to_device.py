# %% right: moved_to_device
# about = "Moves everything to the device once more."

# %% predict_image_code
def predict_image(img, model):
    img = img.to(device)
    model = model.to(device)
    return model(torch.stack([img])).detach().cpu().numpy().argmax(axis=1)[0].item()

# %% cnn_training
gpu_or_cpu = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


def train(num_epochs, cnn, loaders):
    cnn = cnn.to(device)
    opt = torch.optim.Adam(params=cnn.parameters(), lr=0.01, betas=(0.9, 0.999))
    history = []
    for ep in range(num_epochs):
        cnn.train()
        losses, sizes = [], []
        for data in loaders["train"]:
            inputs, targets = data[0].to(device), data[1].to(device)
            opt.zero_grad()
            outputs, _ = cnn(inputs)
            loss = F.cross_entropy(outputs, targets)
            loss.backward()
            opt.step()
            losses.append(loss.item())
            sizes.append(inputs.shape[0])
        history.append(float(np.average(losses, weights=sizes)))
    return history


def evaluate_model(cnn, loader, name):
    cnn.to(device).eval()
    hits = 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            hits += torch.sum(torch.argmax(cnn(inputs)[0], dim=1) == targets)
    share = hits.item() / len(loader.dataset)
    print("%s: %.4f" % (name, share))
    return share
