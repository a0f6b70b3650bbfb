"""Identities of people from frame to frame.

==============  ============================================================
`parameters`    how people are associated; its table lists the similarities
`tracker`       the state of all tracks, and how a frame changes it
`frames`        the same for frames that come one by one
`similarity`    how alike a track and a person are
`motion`        where boxes will be in the next frame
`smoothing`     keypoints of a track made steady
==============  ============================================================
"""
