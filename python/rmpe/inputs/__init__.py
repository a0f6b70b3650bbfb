"""Photographs from files, and frames from anywhere.

=============  ==================================================================
`suffixes`     how the names of photographs and videos end
`find`         files, folders and glob patterns to a list of files
`images`       any bytes to an RGB array or one `ImageError`
`metadata`     a file without what is not its pixels
`pixels`       what Pillow has opened to upright RGB of 8 bits
`conversions`  the ways from other pixels to these
`png`          where Pillow and a format disagree, as in the next two
`pnm`
`tiff`
`prefetch`     many files, read ahead in background threads, alone or in batches
`clip`         which frames a video has, and what they are called
`video`        the frames of a video file, in order
`pyav`         what all that read videos share
`clock`        when frames are shown that come over connections
`live`         cameras and streams from the network
`series`       encoded images one behind the other, as programs pipe them
`signatures`   how these begin
`mpo`          how many pictures one of them holds
`raw`          raw frames, likewise
`incoming`     frames that come by themselves, read ahead in a thread
`unrepeatable` which input is one of these, and how it is read
`frames`       the frames of any source, one by one
=============  ==================================================================
"""
