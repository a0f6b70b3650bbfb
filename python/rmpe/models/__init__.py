"""Pretrained models.

============  ============================================"""

# What runs where nobody chooses: the networks whose weights come with the package.
DEFAULT_DETECTOR = "small_ssd_person"
DEFAULT_POSE = "small_hourglass_coco17"
