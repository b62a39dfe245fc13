"""Benchmarks of the promised speed and error rates."""
