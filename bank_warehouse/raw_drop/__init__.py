"""Reading raw drops: Python plans, DuckDB reads."""

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.plan import TablePlan, plan_table

__all__ = ["DropError", "TablePlan", "plan_table"]
