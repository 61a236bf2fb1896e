"""Each goal against its floor; run by hand, never by the test suite."""
