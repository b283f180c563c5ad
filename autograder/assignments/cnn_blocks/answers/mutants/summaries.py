# %% mutant:
# about = "One network summarised twice."
# fails = ["parameter_counts"]
# %% summaries
# - maxpool_summary = summary(ConvMaxPoolNetwork(), input_size=shape, verbose=0)
maxpool_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)

# %% mutant:
# about = "The first layer of the MLP alone."
# fails = ["parameter_counts"]
# %% summaries
# - mlp_summary = summary(MultiLayerPerceptron(), input_size=shape, verbose=0)
mlp_summary = summary(nn.Linear(784, 100), input_size=(1, 784), verbose=0)

# %% mutant:
# about = "A number in place of a summary."
# fails = ["parameter_counts"]
# %% summaries
# - mlp_summary = summary(MultiLayerPerceptron(), input_size=shape, verbose=0)
mlp_summary = summary(MultiLayerPerceptron(), input_size=shape, verbose=0).total_params

# %% mutant:
# about = "The text of a summary in its place."
# fails = ["parameter_counts"]
# %% summaries
# - mlp_summary = summary(MultiLayerPerceptron(), input_size=shape, verbose=0)
mlp_summary = str(summary(MultiLayerPerceptron(), input_size=shape, verbose=0))

# %% mutant:
# about = "Numbers typed in."
# fails = ["parameter_counts"]
# %% summaries
# - batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)
batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)
maxpool_summary, batchnorm_summary = 85_526, 77_918

# %% mutant:
# about = "An object that only looks like a summary."
# fails = ["parameter_counts"]
# %% summaries
# - batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)
batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)
mlp_summary = type('Summary', (), {'total_params': 79_510})()

# %% mutant: summaries_batchnorm_summary_dropped
# about = "`batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)` is left out."
# fails = ["parameter_counts"]
# %% summaries
# - batchnorm_summary = summary(ConvBatchNormNetwork(), input_size=shape, verbose=0)
pass
