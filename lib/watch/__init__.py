"""Watch a folder whose files are imported by themselves."""
