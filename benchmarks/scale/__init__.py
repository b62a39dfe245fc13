"""The scale benchmark: how long a warehouse takes at which size, against the limit and others."""
