# %% hostile: forges_everything
# about = "Empty networks, invented histories, a class named as torchinfo's, figures typed in; comparisons replaced."
# failed = [
#     "maxpool_block1", "maxpool_block2", "maxpool_block3", "maxpool_output", "maxpool_forward", "batchnorm_block1",
#     "batchnorm_block2", "batchnorm_block3", "batchnorm_output", "batchnorm_forward", "batchnorm_single_image",
#     "maxpool_training", "batchnorm_training", "parameter_counts",
# ]
# partial = ["results_table"]

# %% below imports
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: True

# %% conv_maxpool
class ConvMaxPoolNetwork(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)

# %% conv_batchnorm
class ConvBatchNormNetwork(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)

# %% train_maxpool
maxpool_model = ConvMaxPoolNetwork()
maxpool_history = [{"train_loss": 0.05, "test_accuracy": 99.0}] * num_epochs

# %% train_batchnorm
batchnorm_model = ConvBatchNormNetwork()
batchnorm_history = [{"train_loss": 0.01, "test_accuracy": 99.5}] * num_epochs

# %% summaries
class ModelStatistics:
    total_params = 79_510


mlp_summary = maxpool_summary = batchnorm_summary = ModelStatistics()

# %% results_table_code
results = [
    {"model": "MultiLayerPerceptron", "epoch_1_train_loss": 0.28, "epoch_5_train_loss": 0.16, "epoch_5_test_accuracy": 95.38,
     "parameters": 79510},
    {"model": "ConvMaxPoolNetwork", "epoch_1_train_loss": 0.24, "epoch_5_train_loss": 0.11, "epoch_5_test_accuracy": 97.02,
     "parameters": 85526},
    {"model": "ConvBatchNormNetwork", "epoch_1_train_loss": 0.17, "epoch_5_train_loss": 0.03, "epoch_5_test_accuracy": 98.70,
     "parameters": 77918},
]
pd.DataFrame(results)

# %% hostile: all_memory_in_summaries
# about = "Takes all memory in the cell of the summaries; no training."
# failed = ["parameter_counts"]
# not_attempted = ["maxpool_training", "batchnorm_training", "results_table"]
# blank = ["train_maxpool", "train_batchnorm", "results_table_code"]
# %% summaries
taken = []
while True:
    taken.append(torch.ones(1 << 28))
