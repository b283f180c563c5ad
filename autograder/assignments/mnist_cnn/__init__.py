"""A convolutional network with four convolutions for MNIST, and counting its parameters."""
