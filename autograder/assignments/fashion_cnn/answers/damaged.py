# %% damaged: damaged_metadata_lost
# about = "The regression solved, the networks not attempted, without the cells' metadata."
# damage = "metadata_lost"
# not_attempted = [
#     "cnn_architecture", "cnn_forward", "cnn_loop", "evaluate_model", "cnn_accuracy", "v1_architecture",
#     "v2_architecture", "v3_architecture", "improvement",
# ]
# blank = ["cnn", "cnn_training", "cnn_v1", "cnn_v2", "cnn_v3"]
# example = true
# slow = true

# %% damaged: damaged_file_cut_off
# about = "The file ends in the middle."
# damage = "cut_off"
# example = true
