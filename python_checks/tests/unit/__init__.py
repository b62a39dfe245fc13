"""Tests that need neither a warehouse nor a server."""
