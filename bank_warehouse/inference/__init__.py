"""Statistical inference on small tables that SQL has aggregated or sampled.

Each function that a dbt model calls takes an aggregate or a sample of at most 20,000 customers, and
returns a small table.

``differences``  do the values of a dimension differ in a measure? (tests, false discovery rate)
``scaling``      balances on a comparable scale
``drivers``      what is linked to the risk weighting? (proportional odds)
``clusters``     are there groups of customers, and which? (k-means)
``fairness``     are protected groups chosen for actions at different rates? (two-rate tests)
"""
