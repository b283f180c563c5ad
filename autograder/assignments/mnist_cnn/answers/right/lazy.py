# %% right: lazy
# about = "Lazy layers set in a loop, names and comments in German, pooling before the second ReLU."

# %% output_size_code
def w_out(w_in: int, k: int, p: int, s: int = 1) -> int:
    return len(range(0, w_in + 2 * p - k + 1, s))

# %% mnist_cnn
class MNIST_CNN(nn.Module):
    def __init__(self):
        super().__init__()
        for nummer, kanaele in enumerate([32, 32, 64, 64], 1):
            setattr(self, f"faltung{nummer}", nn.LazyConv2d(kanaele, 3, padding=1))
        self.verdeckt, self.ausgabe = nn.LazyLinear(256), nn.LazyLinear(10)
        self(torch.zeros(1, 1, 28, 28))  # damit die Schichten ihre Größen kennen

    def forward(self, bilder):
        h = self.faltung1(bilder).relu()
        h = F.max_pool2d(self.faltung2(h), kernel_size=2, stride=2).relu_()
        h = self.faltung3(h).relu()
        h = F.max_pool2d(self.faltung4(h).relu(), (2, 2))
        return self.ausgabe(self.verdeckt(h.flatten(1)).relu())

# %% evaluation
model.eval()
n_correct = 0
with torch.no_grad():
    for images, labels in test_loader:
        n_correct += model(images.to(device)).argmax(dim=1).eq(labels.to(device)).sum()
test_accuracy = float(n_correct) / 10000
