"""Heads: what the outputs of a pose network say about where keypoints are."""
