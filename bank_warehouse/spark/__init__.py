"""The Python code that builds the project on Spark, the second engine."""
