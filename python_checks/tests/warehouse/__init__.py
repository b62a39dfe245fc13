"""Tests that read the one warehouse built from the shipped sample."""
