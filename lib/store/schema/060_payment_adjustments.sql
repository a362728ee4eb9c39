-- The entries by which payers adjust whole payments (PLB): an amount that is taken back in one
-- remittance may have its counter-entry in another.
CREATE TABLE payment_adjustment (
    practice_id BIGINT NOT NULL,
    entry_key VARCHAR NOT NULL,          -- the same key is the same entry, in any envelope
    account VARCHAR NOT NULL,            -- payer, payee, kind and reference: entries of one settle each other
    amount DECIMAL(12, 2) NOT NULL,      -- US dollars: above zero it lowers the payment
    intake_file_id BIGINT NOT NULL,
    segment_number INTEGER NOT NULL,
    recorded_at TIMESTAMP NOT NULL,      -- UTC
    PRIMARY KEY (practice_id, entry_key)
);
