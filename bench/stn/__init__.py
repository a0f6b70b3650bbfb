"""What the spatial transformer and the parallel pose network are worth; see docs/method.md."""
