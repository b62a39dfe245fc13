"""Checks beyond the dbt tests: expectation suites, checks of the project's files, and pytest."""
