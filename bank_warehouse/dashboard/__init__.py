"""A web dashboard on the current release: read-only, aggregates only, all of it local.

The way of a number: :mod:`~bank_warehouse.dashboard.cubes` has DuckDB add up the customers of a
release, by the definitions of the metric layer, into small tables in memory;
:mod:`~bank_warehouse.dashboard.snapshots` answers questions from these;
:mod:`~bank_warehouse.dashboard.pages` says what stands on a page as plain blocks; and
:mod:`~bank_warehouse.dashboard.parts` (Dash), :mod:`~bank_warehouse.dashboard.downloads` (CSV) and
:mod:`~bank_warehouse.dashboard.export` (one HTML file) show the same blocks in their ways.
"""
