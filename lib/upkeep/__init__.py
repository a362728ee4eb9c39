"""Looking after the data: back up, restore, verify, sweep, and rebuild the search."""
