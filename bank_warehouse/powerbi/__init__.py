"""Writes the Power BI project from dbt's artifacts: a semantic model (TMDL) and a report (PBIR)."""
