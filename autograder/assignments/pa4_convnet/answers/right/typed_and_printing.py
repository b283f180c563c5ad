# %% right: typed_and_printing
# about = "Type hints, comments in Spanish, prints in forward, a helper method, one pool and one ReLU for all."

# %% convnet
class ConvNet(nn.Module):
    """Red convolucional: dos bloques y dos capas densas."""

    conv1: nn.Conv2d
    size_linear: int

    def __init__(self, canales: tuple[int, int] = (32, 64), clases: int = 10) -> None:
        super().__init__()
        # capas convolucionales
        self.conv1 = nn.Conv2d(1, canales[0], 5, padding=2)
        self.conv2 = nn.Conv2d(canales[0], canales[1], 5, padding=2)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.size_linear = canales[1] * 7**2
        # capas densas
        self.fc1 = nn.Linear(in_features=self.size_linear, out_features=512)
        self.fc2 = nn.Linear(in_features=512, out_features=clases)

    def extraer(self, x: torch.Tensor) -> torch.Tensor:
        """Caracteristicas de forma (N, 64, 7, 7)."""
        x = self.pool(self.relu(self.conv1(x)))
        return self.pool(self.relu(self.conv2(x)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.extraer(x)
        print("forma", tuple(features.shape))
        return self.fc2(self.relu(self.fc1(features.view(features.size(0), -1))))

# %% trainer
# - self.optim.zero_grad()
for p in self.net.parameters():
    p.grad = None

# %% learning_rate
# - learning_rate = 0.01
lr: float = 1e-2
learning_rate = lr
