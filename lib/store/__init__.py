"""Everything that touches the disk: the data folder, its database, and files written durably."""
