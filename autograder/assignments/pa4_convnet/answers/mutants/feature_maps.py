# %% mutants:
# fails = ["act23"]
# label = "output"
# %% feature_maps
output = F.relu(net.conv1(data))

# %% mutant:
# about = "After the pooling."
# fails = ["act23"]
# %% feature_maps
# - output = F.relu(net.conv1(data))
output = net.pool1(F.relu(net.conv1(data)))

# %% mutant:
# about = "The second layer's maps."
# fails = ["act23"]
# %% feature_maps
# - output = F.relu(net.conv1(data))
output = F.relu(net.conv2(F.relu(net.conv1(data))))

# %% mutant:
# about = "Always the same digit."
# fails = ["act23"]
# %% feature_maps
# - output = F.relu(net.conv1(data))
output = F.relu(net.conv1(examples[0].to(device)))
