"""A folder whose files come in by themselves."""
