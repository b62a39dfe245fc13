"""Checks of the project's own files, and scripts for developers."""
