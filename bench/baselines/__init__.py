"""What people use instead of the ops, written as plainly as they write it, a module for each op.

``BASELINES`` names them; ``tests/bench/test_baselines.py`` checks that they do what the op does.
One that needs a package that is not installed raises ModuleNotFoundError when it is called.
"""
