"""What analysts count, for any day of the past: every figure is recomputed from history.

A number is one function: it takes the connection and a View (practices, as-of moment, period,
filters) and returns a Table with its rows and a text of SQL that gives the same rows on a copy of
the store.
"""
