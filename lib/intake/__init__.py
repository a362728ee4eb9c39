"""What arrives from outside: read without the store, previewed, then applied whole."""
