"""Checks that stand beside the dbt tests: suites, rules on the project itself, and pytest."""
