-- Requests that a payer withdrew, by the number it gave them: an older state that comes in later asks
-- for nothing.
CREATE TABLE withdrawn_request (
    practice_id BIGINT NOT NULL,
    thread VARCHAR NOT NULL,             -- how the keys of the request's states begin
    payer VARCHAR NOT NULL,              -- as those keys say it; empty if the message does not name it
    payer_name VARCHAR NOT NULL,
    claim VARCHAR NOT NULL,              -- likewise
    said_at VARCHAR NOT NULL,            -- ISO 8601, UTC
    intake_file_id BIGINT NOT NULL,
    segment_number BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
