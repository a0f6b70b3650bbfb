"""Check what a caller passed, and lower it to the flat arguments of an op.

The native ops, the reference implementation and rmpe_ext.numpy share these modules, so all accept
and refuse the same things with the same words. Each function takes first, as ``xp``, the module
that knows the caller's kind of array: :mod:`.tensors` or :mod:`.ndarrays`.
"""
