"""Photographs from files.

===========  ==================================================================
`find`       files, folders and glob patterns to a list of files
`images`     one file to an RGB array
`prefetch`   many files, read ahead in background threads, alone or in batches
===========  ==================================================================
"""
