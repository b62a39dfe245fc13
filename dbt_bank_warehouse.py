"""The project's two plugins for dbt, which dbt loads before it parses.

dbt loads every top-level module on the path whose name begins with `dbt_`. Installing the project
puts this folder on the path.
"""

from bank_warehouse.dbt_settings import SettingsPlugin
from bank_warehouse.spark.dbt_plugin import SparkPlugin

plugins = [SettingsPlugin, SparkPlugin]
"""In this order, so that settings are checked first. The second needs the `spark` extra."""
