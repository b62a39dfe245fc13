"""Tests that build their own warehouses."""
