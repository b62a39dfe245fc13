"""Writes the Power BI project from dbt's artifacts: semantic model (TMDL) and report (PBIR)."""
