"""A store that is one DuckDB file in the data folder, held by one process."""
