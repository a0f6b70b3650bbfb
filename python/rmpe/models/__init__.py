"""Pretrained models.

==========  =====================================================
`card`      what a network is, as data
`read`      TOML files to cards; ``cards/`` holds the package's
`store`     where the files of a card are, and whether they are
            the right ones
`download`  how those with a URL come here
`build`     a card to a detector or a pose network
`pose`      a pose network: a card and what runs it
==========  =====================================================
"""

# What runs where nobody chooses.
DEFAULT_DETECTOR = "ssd_mobilenet_v1_coco"
DEFAULT_POSE = "simplepose_coco17"
# The class that detectors look for where nobody chooses.
PERSON = "person"
