"""Pretrained models.

============  ===================================================
`card`        what a network is, as data
`read`        TOML files to cards; ``cards/`` holds the package's
`store`       where the files of a card are, and whether they are
              the right ones
`places`      the folders of those that were downloaded
`addresses`   where they come from
`download`    how they come here, once
`transfer`    a file over HTTP, taken up where it broke off
`archive`     a network in a zip archive
`digests`     SHA-256
`only_one`    one process at a time
`embedded`    what ONNX files say of themselves
`build`       a card to a detector or a pose network
`pose`        a pose network: a card and what runs it
============  ===================================================
"""

# What runs where nobody chooses.
DEFAULT_DETECTOR = "ssd_mobilenet_v1_coco"
DEFAULT_POSE = "simplepose_coco17"
# The class that detectors look for where nobody chooses.
PERSON = "person"
