"""Read tables of tasks, CSV and Excel. No module here reaches the store."""
