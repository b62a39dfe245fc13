"""The second engine: what Spark needs from Python to build the same project."""
