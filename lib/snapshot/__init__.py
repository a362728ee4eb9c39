"""A copy of the store for analysts: it counts the same and names nobody."""
