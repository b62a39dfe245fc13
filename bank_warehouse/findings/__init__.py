"""What the warehouse says about its customers, as a page with figures: reports/findings.md.

Every number on the page is the answer to a query; the words around them hold none.
"""
