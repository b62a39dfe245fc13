"""The scale benchmark: how build time grows with size, compared with the limit and other tools."""
