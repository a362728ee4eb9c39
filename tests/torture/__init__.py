"""A store that is killed, filled up, cut off and moved in time while people work in it.

`make torture` runs all of it for minutes, `tests/test_torture.py` a few seconds of it.
"""
