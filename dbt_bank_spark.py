"""What dbt imports of this project before it connects: the plugin for Spark.

dbt loads every top-level module whose name begins with `dbt_`. `make install-spark` puts this
folder on the path of the environment, so that it is found from wherever dbt is started.
"""

from bank_warehouse.spark.dbt_plugin import SparkPlugin

plugins = [SparkPlugin]
