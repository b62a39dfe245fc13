"""Reading raw drops: Python plans, DuckDB reads."""

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.plan import TablePlan, plan_table
from bank_warehouse.raw_drop.proofs import Settings

__all__ = ["DropError", "Settings", "TablePlan", "plan_table"]
