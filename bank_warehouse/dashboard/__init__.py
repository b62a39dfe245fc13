"""A local, read-only web dashboard of the current release that shows only aggregates.

A number reaches a page in four steps:

1. :mod:`~bank_warehouse.dashboard.cubes` pre-aggregates the customers of a release into small
   DuckDB tables, by the definitions of the metric layer.
2. :mod:`~bank_warehouse.dashboard.snapshots` queries these tables.
3. :mod:`~bank_warehouse.dashboard.pages` describes each page as a list of blocks, which
   :mod:`~bank_warehouse.dashboard.page_model` defines.
4. :mod:`~bank_warehouse.dashboard.components` (Dash),
   :mod:`~bank_warehouse.dashboard.downloads` (CSV) and
   :mod:`~bank_warehouse.dashboard.export` (one HTML file) render the blocks.
"""
