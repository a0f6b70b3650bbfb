"""The computation of each op in pure PyTorch, on any device; one module for each op."""
