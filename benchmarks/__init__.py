"""Benchmarks, which measure the promised speed and error rates."""
