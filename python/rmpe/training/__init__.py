"""Training: from annotated photographs to weights.

`session` puts a run together, `loop` takes the steps, `run` and `checkpoint` keep its state. What
depends on the kind of network is a `task.Task`: `pose` and `detector`.
"""
