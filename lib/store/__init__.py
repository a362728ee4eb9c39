"""Everything that touches the disk or the database."""
