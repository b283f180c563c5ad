# %% damaged: damaged_metadata_lost
# about = "The reference solution without the cells' metadata."
# damage = "metadata_lost"
# example = true
# slow = true

# %% damaged: damaged_file_cut_off
# about = "The file ends in the middle."
# damage = "cut_off"
# example = true
