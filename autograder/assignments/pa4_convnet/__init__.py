"""Programming assignment 4: a LeNet-style network for MNIST in 24 ACTs."""
