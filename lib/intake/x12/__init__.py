"""X12 messages, read: no module here reaches the store."""
