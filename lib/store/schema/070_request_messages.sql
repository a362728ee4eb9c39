-- The message in which each state of a request came, and when its sender wrote it: a state that
-- comes again is news only in a later message.
ALTER TABLE request_state ADD COLUMN message_key VARCHAR DEFAULT '';
ALTER TABLE request_state ADD COLUMN said_at VARCHAR DEFAULT '';  -- ISO 8601, UTC; empty if not stated
