# %% right: step_by_step
# about = "One line a step, pool before ReLU, German names and comments."

# %% accuracy_code
def accuracy(outputs, labels):
    richtig = 0
    for zeile, klasse in zip(outputs, labels):
        if int(torch.argmax(zeile)) == int(klasse):
            richtig = richtig + 1
    return torch.tensor(richtig / len(labels))  # Anteil der richtigen Vorhersagen

# %% cnn
class CNN(nn.Module):
    # Faltungsnetz mit zwei Bloecken
    def __init__(self):
        super().__init__()
        self.faltung_eins = nn.Conv2d(1, 16, 5, 1, 2)
        self.faltung_zwei = nn.Conv2d(16, 32, 5, 1, 2)
        self.ausgabe = nn.Linear(1568, 10)

    def forward(self, bild):
        x = self.faltung_eins(bild)
        x = F.max_pool2d(x, 2, 2)
        x = F.relu(x)        # erst das Maximum, dann ReLU: dasselbe
        x = self.faltung_zwei(x)
        x = F.max_pool2d(x, 2, 2)
        x = F.relu(x)
        merkmale = x.contiguous().view(-1, 1568)
        y = self.ausgabe(merkmale)
        return (y, merkmale)

# %% cnn_training
def train(num_epochs, cnn, loaders):
    # jede Epoche: alle Stapel, dann der mittlere Verlust
    optimierer = torch.optim.Adam(cnn.parameters(), lr=1e-2)
    verluste = []
    for epoche in range(num_epochs):
        cnn.train()
        summe, anzahl = 0, 0
        for x, y in loaders['train']:
            cnn.zero_grad()
            ausgabe, merkmale = cnn(x)
            verlust = nn.CrossEntropyLoss(reduction='mean')(ausgabe, y)
            verlust.backward()
            optimierer.step()
            summe = summe + float(verlust.detach()) * y.shape[0]
            anzahl = anzahl + y.shape[0]
        verluste.append(summe / anzahl)
        print('Epoche', epoche + 1, 'Verlust', verluste[-1])
    return verluste


def evaluate_model(cnn, loader, name):
    cnn.train(False)
    treffer, alle = [], 0
    for x, y in loader:
        with torch.no_grad():
            ausgabe = cnn(x)[0]
        treffer.append(int(torch.eq(ausgabe.argmax(1), y).sum()))
        alle += y.numel()
    genauigkeit = sum(treffer) / alle
    print(name, 'Genauigkeit:', genauigkeit)
    return genauigkeit
