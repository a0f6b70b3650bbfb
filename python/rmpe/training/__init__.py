"""Training: from annotated photographs to weights.

`config` says what can be set; `photographs`, `people`, `sampling`, `augmentation` and `targets`
make batches; `loop` takes the steps, `checkpoint` keeps them, `validation` measures them.
"""
