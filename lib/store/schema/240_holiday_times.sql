-- When a holiday was written down and taken away again: a report as of an earlier moment counts
-- business days as they were known then. NULL in `written_at`: before this was kept.
ALTER TABLE holiday ADD COLUMN written_at TIMESTAMP;
ALTER TABLE holiday ADD COLUMN removed_at TIMESTAMP;
