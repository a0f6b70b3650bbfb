"""What the RMPE paper adds to a detector and a pose network.

Fang, Xie, Tai, Lu, "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017 (arXiv 1612.00137).
"""
