"""Tests that need no warehouse."""
