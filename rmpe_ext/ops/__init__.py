"""The public ops, one module for each family."""
