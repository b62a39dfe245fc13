"""Tests that read one warehouse built from the shipped sample."""
