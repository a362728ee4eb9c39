-- When the envelope of a message was written, as it says: "ISA09 ISA10|GS04 GS05|GS08". A receipt (TA1,
-- 824) repeats it. NULL: it came in before this was kept.
ALTER TABLE intake_message ADD COLUMN written_at VARCHAR;
