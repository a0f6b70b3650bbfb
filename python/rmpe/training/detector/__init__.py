"""Training of person detectors on photographs with boxes."""
