# %% right: hinted
# about = "Type hints, docstrings and functions of one's own."

# %% softmax_probabilities_code
def as_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Softmax of each row."""
    return torch.nn.Softmax(dim=-1)(logits)


probs: torch.Tensor = as_probabilities(outputs)

# %% predict_image_code
def predict_image(img: torch.Tensor, model: nn.Module) -> int:
    """Class of one image."""
    model.eval()
    with torch.inference_mode():
        return int(model(img[None].to(device)).softmax(dim=1).max(dim=1).indices)

# %% cnn
Pair = tuple[torch.Tensor, torch.Tensor]


def conv_relu_pool(inputs: int, outputs: int, kernel: int = 5) -> nn.Sequential:
    """Convolution that keeps the size, ReLU, pooling that halves it."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU(), nn.MaxPool2d(2))


class CNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem: nn.Module = nn.Sequential(conv_relu_pool(1, 16), conv_relu_pool(16, 32))
        self.head: nn.Linear = nn.Linear(1568, 10, bias=True)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> (N, 1568)."""
        return self.stem(x).reshape(len(x), -1)

    def forward(self, x: torch.Tensor) -> Pair:
        features = self.forward_features(x)
        return self.head(features), features

# %% cnn_training
def one_epoch(network: nn.Module, loader, optimizer: torch.optim.Optimizer) -> float:
    """Mean loss per image."""
    total, count = torch.zeros(()), 0
    for images, labels in tqdm(loader, leave=False):
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(network(images)[0], labels, reduction="sum")
        (loss / len(labels)).backward()
        optimizer.step()
        total, count = total + loss.detach().cpu(), count + len(labels)
    return (total / count).item()


def train(num_epochs: int, cnn: nn.Module, loaders: dict) -> list[float]:
    optimizer = torch.optim.Adam([{"params": cnn.parameters(), "lr": 0.01}])
    cnn.train()
    return [one_epoch(cnn, loaders["train"], optimizer) for _ in range(num_epochs)]


def evaluate_model(cnn: nn.Module, loader, name: str) -> float:
    """Fraction of right predictions, in evaluation mode."""
    was_training = cnn.training
    cnn.eval()
    with torch.inference_mode():
        hits = torch.cat([cnn(images)[0].argmax(1) == labels for images, labels in loader])
    cnn.train(was_training)
    print(f"accuracy of {name} = {100 * hits.float().mean():.2f} %")
    return hits.float().mean().item()
