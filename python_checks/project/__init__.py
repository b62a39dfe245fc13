"""Rules on the project's own shape, and the notebook's runner."""
