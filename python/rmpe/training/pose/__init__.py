"""Training of pose networks on annotated people."""
