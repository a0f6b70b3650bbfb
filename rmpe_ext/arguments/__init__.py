"""Check what a caller passed, and lower it to the flat arguments of an op.

The native ops and the reference implementation share these modules, so both accept and refuse the
same things with the same words.
"""
