# %% right: functional
# about = "No layer modules at all: parameters, buffers and functions."

# %% softmax_regression_code
class MnistModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10) / 28)
        self.bias = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return torch.matmul(x.view(len(x), -1), self.weight) + self.bias

    def training_step(self, batch):
        x, y = batch
        return -self(x).log_softmax(1)[torch.arange(len(y)), y].mean()

    def validation_step(self, batch):
        x, y = batch
        z = self(x)
        return dict(val_loss=F.nll_loss(F.log_softmax(z, -1), y).item(), val_acc=accuracy(z, y).item(), num_images=len(y))

    def validation_epoch_end(self, outputs):
        n = np.array([o["num_images"] for o in outputs])
        return {k: float(np.average([o[k] for o in outputs], weights=n)) for k in ("val_loss", "val_acc")}

    def epoch_end(self, epoch, result):
        print(epoch, result)

# %% softmax_probabilities_code
exps = torch.exp(outputs - outputs.max(dim=1, keepdim=True).values)
probs = exps / exps.sum(dim=1, keepdim=True)

# %% accuracy_code
def accuracy(outputs, labels):
    return torch.eq(outputs.argmax(-1), labels).to(torch.float32).mean()

# %% predict_image_code
def predict_image(img, model):
    scores = model(img.view(1, 1, 28, 28)).squeeze().tolist()
    return scores.index(max(scores))

# %% cnn
class Own(nn.Module):
    """Only parameters and buffers of its own."""

    def conv(self, name, inputs, outputs, kernel, norm=True):
        bound = (inputs * kernel * kernel) ** -0.5
        self.weight(name, (outputs, inputs, kernel, kernel), bound)
        if norm:
            self.norm(name, outputs)

    def weight(self, name, shape, bound):
        setattr(self, name + "_w", nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))
        setattr(self, name + "_b", nn.Parameter(torch.empty(shape[0]).uniform_(-bound, bound)))

    def norm(self, name, size):
        setattr(self, name + "_g", nn.Parameter(torch.ones(size)))
        setattr(self, name + "_s", nn.Parameter(torch.zeros(size)))
        self.register_buffer(name + "_m", torch.zeros(size))
        self.register_buffer(name + "_v", torch.ones(size))

    def normed(self, x, name):
        g, s, m, v = (getattr(self, name + end) for end in ("_g", "_s", "_m", "_v"))
        return F.batch_norm(x, m, v, g, s, training=self.training)

    def block(self, x, name, padding):
        x = F.conv2d(x, getattr(self, name + "_w"), getattr(self, name + "_b"), padding=padding)
        return F.dropout(F.max_pool2d(F.relu(self.normed(x, name)), 2), 0.25, self.training)


class CNN(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 16, 5, norm=False)
        self.conv("c2", 16, 32, 5, norm=False)
        self.weight("out", (10, 1568), 0.025)

    def forward(self, x):
        x = F.max_pool2d(F.conv2d(x, self.c1_w, self.c1_b, padding=2).clamp(min=0), 2)
        x = torch.relu(F.max_pool2d(F.conv2d(x, self.c2_w, self.c2_b, padding=2), 2)).flatten(1)
        return F.linear(x, self.out_w, self.out_b), x

# %% cnn_v1
class CNN_v1(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 32, 5)
        self.conv("c2", 32, 64, 5)
        self.weight("out", (10, 3136), 0.018)

    def forward(self, x):
        x = self.block(self.block(x, "c1", 2), "c2", 2).flatten(1)
        return F.linear(x, self.out_w, self.out_b), x

# %% cnn_v2
class CNN_v2(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 32, 3)
        self.conv("c2", 32, 64, 3)
        self.conv("c3", 64, 128, 3)
        self.weight("out", (10, 2048), 0.02)

    def forward(self, x):
        x = self.block(self.block(self.block(x, "c1", 2), "c2", 2), "c3", 1).flatten(1)
        return x @ self.out_w.t() + self.out_b, x

# %% cnn_v3
class CNN_v3(Own):
    def __init__(self):
        super().__init__()
        self.conv("c1", 1, 32, 3)
        self.conv("c2", 32, 64, 3)
        self.conv("c3", 64, 128, 3)
        self.weight("hid", (256, 2048), 0.02)
        self.norm("hid", 256)
        self.weight("out", (10, 256), 0.06)

    def forward(self, x):
        x = self.block(self.block(self.block(x, "c1", 2), "c2", 2), "c3", 1).flatten(1)
        h = F.relu(self.normed(F.linear(x, self.hid_w, self.hid_b), "hid"))
        h = F.dropout(h, p=0.5, training=self.training)
        return F.linear(h, self.out_w, self.out_b), x
