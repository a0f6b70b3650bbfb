"""Pretrained models: their cards (`card`, `read`), their files (`store`), building (`build`)."""
