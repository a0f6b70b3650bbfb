"""Layouts of checkpoints that other projects publish, one a file: state dict -> state dict."""
