# %% mutant:
# about = "Tensors, not numpy arrays."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach() for weight in net.conv1.weight]

# %% mutant:
# about = "Filters of the second layer."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in net.conv2.weight[:32]]

# %% mutant:
# about = "Half of the filters."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight[:16]]

# %% mutant: filters_imshow_dropped
# about = "`panel.imshow(picture, cmap=\"gray\")` is left out."
# fails = ["act21"]
# %% filters
# - panel.imshow(picture, cmap="gray")
pass

# %% mutant:
# about = "The same picture in each panel."
# fails = ["act21"]
# %% filters
# - panel.imshow(picture, cmap="gray")
panel.imshow(filters[0], cmap="gray")

# %% mutant:
# about = "A row of each filter."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0, 0].detach().cpu().numpy() for weight in net.conv1.weight]

# %% mutant:
# about = "Without the signs."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().abs().cpu().numpy() for weight in net.conv1.weight]

# %% mutant:
# about = "Filters of an untrained network."
# fails = ["act21"]
# %% filters
# - filters = [weight[0].detach().cpu().numpy() for weight in net.conv1.weight]
filters = [weight[0].detach().cpu().numpy() for weight in ConvNet().conv1.weight]
