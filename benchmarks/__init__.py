"""Benchmarks: what is promised about speed and error rates, measured."""
