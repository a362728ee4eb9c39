"""Keeping the data: backups, restoring one, verifying, sweeping, and rebuilding the search."""
