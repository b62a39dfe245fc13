"""A look-alike of the bank's data pack, of any size.

The modules, in the order in which the data goes through them:

``domains``      file names, headers and values of the columns
``calibration``  the figures that the look-alike is tuned to
``randomness``   counter-based random numbers and permutations: row i does not need row i - 1
``names``        pools of invented names
``copula``       correlated balances and the risk weighting
``planted_effects``  effects that can be planted in the data
``months``       what later months change
``clients``      one block of rows, first as arrays, then as an Arrow record batch
``files``        the four files of a pack, streamed
``command``      the command line
"""
