"""The findings about the customers in the warehouse, as a page with figures: reports/findings.md.

Every number about the customers comes from a query; the templates contain no numbers.
"""
