"""How the names of photographs and videos end."""

from __future__ import annotations

__all__ = ["HEIF_SUFFIXES", "SUFFIXES", "UNREAD_SUFFIXES", "VIDEO_SUFFIXES"]

SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .tif .tiff .bmp .dib .gif .pbm .ppm .pgm .pnm "
    ".jp2 .j2k .j2c .jpc .jpf .jpx .avif .avifs".split()
)
# Read where the package pillow-heif is.
HEIF_SUFFIXES = frozenset(".heic .heics .heif .heifs .hif".split())
# Photographs that are not read, such as raw ones.
UNREAD_SUFFIXES = frozenset(
    ".jxl .jxr .wdp .psd .dng .3fr .arw .cr2 .cr3 .crw .dcr .erf .iiq .kdc .mef .mos .mrw .nef "
    ".nrw .orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f".split()
)
VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .qt .avi .divx .mkv .webm .mpg .mpeg .m2v .vob .mts .m2ts .ts .wmv .asf .flv "
    ".f4v .3gp .3g2 .ogv .mxf .mjpg .mjpeg .y4m .h264 .264 .h265 .265 .hevc".split()
)
