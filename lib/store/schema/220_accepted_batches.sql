-- Batches that a receipt accepted, by how the keys of tasks about their rejection begin: an older
-- rejection may come in later.
CREATE TABLE accepted_batch (
    practice_id BIGINT NOT NULL,
    rejection_key VARCHAR NOT NULL,
    answer_key VARCHAR NOT NULL,         -- of the acceptance
    said_on DATE NOT NULL,
    sentence VARCHAR NOT NULL,
    is_of_batch BOOLEAN NOT NULL,        -- false: the rejection is that of the file around it
    intake_file_id BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
