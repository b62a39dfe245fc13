"""The project's two dbt plugins.

Before dbt parses a project, it imports every top-level module whose name begins with `dbt_`.
Installing the project puts this folder on Python's path, so dbt can be started in any folder.
"""

from bank_warehouse.dbt_settings import SettingsPlugin
from bank_warehouse.spark.dbt_plugin import SparkPlugin

plugins = [SettingsPlugin, SparkPlugin]
"""The first checks the settings. The second does nothing without the `spark` extra."""
