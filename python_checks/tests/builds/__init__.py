"""Tests that build warehouses of their own."""
