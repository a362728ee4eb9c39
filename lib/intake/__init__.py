"""Files that come in: read without the store, previewed, then brought in whole."""
