"""Read X12 messages. No module here reaches the store."""
