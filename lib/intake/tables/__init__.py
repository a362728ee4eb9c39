"""Tables of tasks, CSV and Excel, read: no module here reaches the store."""
