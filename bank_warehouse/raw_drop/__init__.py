"""Raw drops: Python plans how each file is read, and DuckDB reads it."""

from bank_warehouse.raw_drop.drop import DropPlan, hand_on_plan, plan_drop, plan_table, survey_drop
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.plan import TablePlan
from bank_warehouse.raw_drop.proofs import Settings

__all__ = [
    "DropError",
    "DropPlan",
    "Settings",
    "TablePlan",
    "hand_on_plan",
    "plan_drop",
    "plan_table",
    "survey_drop",
]
