"""What touches the disk: the data folder, its database file, and files that are written durably."""
