"""The benchmark: `make bench` prints how fast the pages are. It claims nothing."""
