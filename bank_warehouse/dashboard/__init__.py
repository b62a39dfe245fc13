"""A read-only web dashboard that shows aggregates of the current release.

A number reaches a page in four steps:

1. :mod:`~bank_warehouse.dashboard.cubes` pre-aggregates the customers of a release into small
   DuckDB tables, with the definitions of the metric layer.
2. :mod:`~bank_warehouse.dashboard.snapshots` queries these tables, and copies of the result marts.
3. :mod:`~bank_warehouse.dashboard.pages` describes each page as a list of blocks.
   :mod:`~bank_warehouse.dashboard.page_model` defines the kinds of block.
4. :mod:`~bank_warehouse.dashboard.components` (Dash),
   :mod:`~bank_warehouse.dashboard.downloads` (CSV) and
   :mod:`~bank_warehouse.dashboard.export` (one HTML file) render the blocks.
"""
