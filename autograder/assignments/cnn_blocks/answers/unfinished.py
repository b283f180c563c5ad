# %% unfinished: untouched_release
# about = "The release as it was handed out."
# not_attempted = [
#     "maxpool_block1", "maxpool_block2", "maxpool_block3", "maxpool_output", "maxpool_forward", "batchnorm_block1",
#     "batchnorm_block2", "batchnorm_block3", "batchnorm_output", "batchnorm_forward", "batchnorm_single_image",
#     "maxpool_training", "batchnorm_training", "parameter_counts", "results_table",
# ]
# blank = [
#     "conv_maxpool", "conv_batchnorm", "train_maxpool", "train_batchnorm", "summaries", "results_table_code", "manual",
# ]
# example = true

# %% unfinished: networks_only
# about = "Both networks, and nothing after them."
# not_attempted = ["maxpool_training", "batchnorm_training", "parameter_counts", "results_table"]
# blank = ["train_maxpool", "train_batchnorm", "summaries", "results_table_code", "manual"]

# %% unfinished: syntax_error_in_first_network
# about = "A syntax error in the class of the max-pool network; all else is right."
# failed = ["maxpool_block1", "maxpool_block2", "maxpool_block3", "maxpool_output", "maxpool_forward"]
# partial = ["maxpool_training"]
# %% conv_maxpool
# - return x
return x)
