"""What is more than chance, from small tables that SQL has reduced.

Every function takes an aggregate or a sample of some thousand rows and gives back a small table;
no function ever sees all customers.

``differences``  do the values of a dimension differ in a measure? (tests, false discovery rate)
``scaling``      balances on a scale on which they can be compared
``drivers``      what moves the risk weighting? (proportional odds)
``clusters``     which kinds of customers are there, if any? (k-means)
"""
