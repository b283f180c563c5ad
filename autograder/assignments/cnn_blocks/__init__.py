"""Convolution blocks for MNIST: a network with max pooling and one with batch normalisation, trained and compared."""
