"""MNIST and Fashion-MNIST: fetched, verified, and given to boxes without the test images."""
