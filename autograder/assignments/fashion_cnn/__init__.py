"""Homework 4: softmax regression and convolutional networks with and without regularisation for Fashion-MNIST."""
