"""The pytest suite of the project."""
