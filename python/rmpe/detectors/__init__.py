"""Detectors: what the outputs of a network say about where people are."""
