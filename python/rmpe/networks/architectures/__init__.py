"""PyTorch modules, one architecture a file."""
