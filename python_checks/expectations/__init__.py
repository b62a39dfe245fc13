"""Great Expectations: the suites, and what runs them on a built warehouse."""
