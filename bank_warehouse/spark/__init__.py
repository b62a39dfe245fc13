"""The Python code for building the project on Spark, the second engine."""
