# %% right: gpu_code
# about = "GPU-if-available code, a while loop, keyword arguments, prints and comments in German."

# %% train_maxpool
dev = 'cuda' if torch.cuda.is_available() else 'cpu'
maxpool_model = ConvMaxPoolNetwork()
if torch.cuda.is_available():
    maxpool_model.cuda()
maxpool_model = maxpool_model.to(dev)
criterion = nn.CrossEntropyLoss().to(dev)
opt = torch.optim.Adam(params=maxpool_model.parameters(), lr=0.01, betas=(0.9, 0.999))
maxpool_history: list[dict] = []
epoch = 1
while epoch <= num_epochs:
    result = train(model=maxpool_model, train_loader=train_loader, loss_fn=criterion, optimizer=opt, epoch=epoch)
    result = {**result, **test(model=maxpool_model, test_loader=test_loader, loss_fn=criterion, epoch=epoch)}
    maxpool_history += [result]
    epoch += 1
print('fertig:', len(maxpool_history), 'Epochen')  # Ausgabe auf Deutsch

# %% train_batchnorm
# - loss_fn = nn.CrossEntropyLoss()
loss_fn = nn.CrossEntropyLoss(reduction='mean')
