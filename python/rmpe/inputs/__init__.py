"""Photographs from files.

===========  ==================================================================
`find`       files, folders and glob patterns to a list of files
`images`     any bytes to an RGB array or one `ImageError`
`pixels`     what Pillow has opened to upright RGB of 8 bits
`metadata`   a file without what is not its pixels
`prefetch`   many files, read ahead in background threads, alone or in batches
===========  ==================================================================
"""
