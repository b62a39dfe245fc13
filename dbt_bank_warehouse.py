"""What dbt imports of this project before it parses: its two plugins.

dbt loads every top-level module whose name begins with `dbt_`. Installing the project puts this
folder on the path of the environment, so that it is found from wherever dbt is started.
"""

from bank_warehouse.dbt_settings import SettingsPlugin
from bank_warehouse.spark.dbt_plugin import SparkPlugin

plugins = [SettingsPlugin, SparkPlugin]
"""Settings are checked first; without the `spark` extra the other does nothing."""
