"""Bank customer warehouse: the Python code around the dbt project."""

__version__ = "0.2.0"
