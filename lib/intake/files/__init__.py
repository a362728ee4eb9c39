"""A file as it came: recognized, read in limits, kept for good, and what it held found again."""
