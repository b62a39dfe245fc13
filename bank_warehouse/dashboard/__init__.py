"""A local, read-only web dashboard of the current release that shows only aggregates.

How a number gets to a page: :mod:`~bank_warehouse.dashboard.cubes` pre-aggregates the customers of
a release in DuckDB, by the definitions of the metric layer, into small tables;
:mod:`~bank_warehouse.dashboard.snapshots` answers questions from these;
:mod:`~bank_warehouse.dashboard.pages` describes a page as plain blocks; and
:mod:`~bank_warehouse.dashboard.parts` (Dash), :mod:`~bank_warehouse.dashboard.downloads` (CSV) and
:mod:`~bank_warehouse.dashboard.export` (one HTML file) render the same blocks.
"""
