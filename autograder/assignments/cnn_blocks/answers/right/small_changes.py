# %% right: reference
# about = "The reference solution."
# example = true

# %% right: derived_in_own_cells
# about = "Figures taken out of the histories in cells of the student's own, unrounded."

# %% below curves
first_loss = {'max': maxpool_history[0]['train_loss'], 'bn': batchnorm_history[0]['train_loss']}

# %% below parameter_counts
bn_last = batchnorm_history[num_epochs - 1]
print(bn_last)
bn_last

# %% results_table_code
# - display(pd.DataFrame(results))
results[1]['epoch_1_train_loss'] = first_loss['max']
results[2].update(epoch_1_train_loss=first_loss['bn'], epoch_5_train_loss=bn_last['train_loss'])
table = pd.DataFrame.from_records(results)
table

# %% right: with_warnings
# about = "Right, but noisy: warnings and text on stderr, extra cells with pictures, a copied and renamed class."

# %% below imports
import warnings
warnings.warn('this library is old')
print('note to self', file=sys.stderr)

# %% below maxpool_forward
class FirstTry(ConvMaxPoolNetwork):
    pass


print(FirstTry())

# %% train_maxpool
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
warnings.warn('go')

# %% below results_table
plt.bar(range(3), [float(row['parameters']) for row in results])
plt.show()

# %% right: comments_in_chinese
# about = "Without the TODO comments; variables and comments in other languages; the loss a lambda."

# %% conv_maxpool
# - # TODO maxpool_block1: self.block1, convolution 1 -> 32, ReLU, max pooling
# 第一个卷积块

# %% conv_batchnorm
# - # TODO batchnorm_forward: the three blocks, the pooling, drop the two dimensions of size 1, the output layer
# Прямой ход of size 1, the output layer

# %% train_maxpool
# - loss_fn = nn.CrossEntropyLoss()
损失 = lambda ŷ, y: F.cross_entropy(ŷ, y)
loss_fn = 损失

# %% summaries
# - # TODO parameter_counts: the three summaries, printed
# 参数数量

# %% right: index_and_other_seed
# about = "Dimensions dropped by an index with Ellipsis; other seeds; optimizer from torch.optim by its own import."

# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = x[..., 0, 0]  # -> N x 100

# %% train_maxpool
# - set_seeds(seed)
from torch.optim import Adam
set_seeds(5)
# - optimizer = torch.optim.Adam(maxpool_model.parameters(), lr=learning_rate)
optimizer = Adam(maxpool_model.parameters(), 0.01)

# %% train_batchnorm
# - set_seeds(seed)
torch.manual_seed(2024)

# %% right: squeeze_of_two
# about = "squeeze with a tuple of dimensions, the flattening as a layer, the last layer found by unpacking."

# %% conv_maxpool
# - self.output = nn.Linear(100 * 3 * 3, 10)
self.output = nn.LazyLinear(10)
# - x = torch.flatten(x, start_dim=1)  # -> N x 900
x = nn.Flatten(1, -1)(x)  # -> N x 900

# %% conv_batchnorm
# - x = torch.flatten(x, start_dim=1)  # -> N x 100
x = x.squeeze((2, 3))  # -> N x 100

# %% train_maxpool
# - maxpool_model = ConvMaxPoolNetwork().to(device)
maxpool_model = ConvMaxPoolNetwork().to(device)
maxpool_model(next(iter(test_loader))[0].to(device))  # the lazy layer finds its size

# %% right: uses_parts_of_its_networks
# about = "Training and table use parts that only the student's own networks have."

# %% train_maxpool
# - maxpool_model = ConvMaxPoolNetwork().to(device)
maxpool_model = ConvMaxPoolNetwork().to(device)
print(maxpool_model.block1[0])
nn.init.xavier_uniform_(maxpool_model.output.weight)

# %% results_table_code
# - for name, history, found in rows:
# -     results.append({
# -         "model": name,
# -         "epoch_1_train_loss": round(history[0]["train_loss"], 2),
# -         "epoch_5_train_loss": round(history[-1]["train_loss"], 2),
# -         "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
# -         "parameters": found.total_params,
# -     })
for name, history, found in rows:
    results.append({
        "model": name,
        "epoch_1_train_loss": round(history[0]["train_loss"], 2),
        "epoch_5_train_loss": round(history[-1]["train_loss"], 2),
        "epoch_5_test_accuracy": round(history[-1]["test_accuracy"], 2),
        "parameters": found.total_params,
    })
count = lambda part: sum(weights.numel() for weights in part.parameters())
results[2]['parameters'] = sum(count(part) for part in batchnorm_model.children())
results[2]['parameters'] += 0 * batchnorm_model.output.in_features

# %% right: clamped_to_infinity
# about = "ReLU as a Hardtanh between zero and infinity, a number that JSON does not have."
# %% conv_maxpool
# - self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2, stride=2))
self.block2 = nn.Sequential(nn.Conv2d(32, 64, 3, padding="same"), nn.Hardtanh(0.0, math.inf), nn.MaxPool2d(2, stride=2))

# %% right: errors_below
# about = "Lines below right answers that stop with an error: what was done by then counts."

# %% train_maxpool
# - for epoch in range(1, num_epochs + 1):
# -     trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
# -     tested = test(maxpool_model, test_loader, loss_fn, epoch)
# -     maxpool_history.append(trained | tested)
for epoch in range(1, num_epochs + 1):
    trained = train(maxpool_model, train_loader, loss_fn, optimizer, epoch)
    tested = test(maxpool_model, test_loader, loss_fn, epoch)
    maxpool_history.append(trained | tested)
print(maxpool_history[-1]['loss'])

# %% summaries
# - for found in (mlp_summary, maxpool_summary, batchnorm_summary):
# -     print(found)
for found in (mlp_summary, maxpool_summary, batchnorm_summary):
    print(found)
print(mlp_summary.parameters)

# %% results_table_code
# - display(pd.DataFrame(results))
display(pd.DataFrame(results))
results.head()
