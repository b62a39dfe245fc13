"""Checks besides the dbt tests: expectation suites, rules on the project itself, and pytest."""
