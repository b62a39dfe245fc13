"""Benchmarks of speed, error rates and fault tolerance."""
