"""A store in PostgreSQL, which several processes may share; files stay in the data folder."""
