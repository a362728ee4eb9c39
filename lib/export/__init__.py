"""What the practice did, as files for the biller: completed tasks, and claims to replace."""
