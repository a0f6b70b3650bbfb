"""Plain float64 implementations, one item at a time: what every op is compared with."""
