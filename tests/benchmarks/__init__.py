"""The benchmark, `make bench`: it prints how fast the pages are, and asserts nothing."""
