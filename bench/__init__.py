"""How fast the ops are, beside what people use instead; see docs/benchmarks.md."""
