"""The findings about the customers in the warehouse, as a page with figures: reports/findings.md.

Every number on the page comes from a query; the templates contain none.
"""
