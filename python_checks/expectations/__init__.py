"""Great Expectations: the suites, and the code that runs them on a built warehouse."""
