"""How encoded images begin."""

from __future__ import annotations

import re

__all__ = [
    "ALONE",
    "LIKELY_STARTS",
    "LONGEST_START",
    "LONGEST_SURE_START",
    "MAY_BEGIN",
    "STARTS",
    "SURE_STARTS",
    "VIDEO",
]

# Of images that say where they end; where one may be expected, this is enough.
STARTS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|P[56]\s[\s#\d]|BM....\0\0\0\0|RIFF....WEBP", re.DOTALL
)
LONGEST_START = 12

# Longer ones, which do not come about in pixels or compressed data.
SURE_STARTS = re.compile(
    rb"\xff\xd8\xff(?:\xe0..JFIF|\xe1..(?:Exif|http)|\xee..Adobe|\xfe..Lavc|\xdb\0[\x43\x84]\0)"
    rb"|\x89PNG\r\n\x1a\n|RIFF....WEBPVP8"
    rb"|P[56]\s(?:#[^\n]{0,30}\n)?\d{1,5}\s\d{1,5}\s\d{1,5}\s"
    rb"|BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    re.DOTALL,
)
LONGEST_SURE_START = 64

# The same, and a shorter one, which no scan of a JPEG file has.
LIKELY_STARTS = re.compile(SURE_STARTS.pattern + rb"|\xff\xd8\xff", re.DOTALL)

# At the end of some bytes: what may be the first ones of another image.
MAY_BEGIN = re.compile(rb"[\xff\x89RPB]\Z|(?:\xff\xd8|\x89P|RI|P[56]|BM).{0,60}\Z", re.DOTALL)

# TIFF, GIF, JPEG 2000, and what is built like MPEG-4: AVIF and HEIF.
ALONE = re.compile(rb"II\*\0|MM\0\*|GIF8|\xff\x4f\xff\x51|....(?:jP  |ftyp)", re.DOTALL)

# MP4 and MOV but not AVIF and HEIF, Matroska and WebM, AVI, FLV, streams of MPEG.
VIDEO = re.compile(
    rb"....ftyp(?!avi|hei|hev|mif|msf)|\x1aE\xdf\xa3|RIFF....AVI |FLV\x01|\0\0\x01\xba|G@",
    re.DOTALL,
)
