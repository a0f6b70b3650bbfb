"""Validate what a caller passed, and return the arguments of the op in its order.

The native ops, the reference and rmpe_ext.numpy share these functions, so that all accept and
refuse the same arguments with the same messages. Each function takes first, as ``xp``, the module
for the caller's kind of array: :mod:`.torch_arrays` or :mod:`.numpy_arrays`.
"""
