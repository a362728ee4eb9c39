-- What payers said to the good of claims (accepted, paid, a denial taken back), and of which claim: an
-- older denial or rejection may come in later.
CREATE TABLE good_news (
    practice_id BIGINT NOT NULL,
    answer_key VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,               -- accepted, paid, reversed
    charge_id BIGINT,                    -- of which it was, where that was certain
    number_key VARCHAR NOT NULL,         -- of the first claim number
    told_on DATE NOT NULL,
    acknowledged_at VARCHAR NOT NULL,    -- of a 277CA, ISO 8601; empty if not stated
    sentence VARCHAR NOT NULL,
    amount DECIMAL(12,2) NOT NULL,       -- US dollars paid, or that a denial taken back left open
    codes VARCHAR[] NOT NULL,            -- that a payment leaves, or that are taken back
    trace VARCHAR NOT NULL,
    part VARCHAR NOT NULL,               -- of a claim that the payer split
    claim_numbers VARCHAR[] NOT NULL,
    payer_numbers VARCHAR[] NOT NULL,
    trace_numbers VARCHAR[] NOT NULL,
    patient_name VARCHAR NOT NULL,
    birth_date DATE,
    member_ids VARCHAR[] NOT NULL,
    date_from DATE,
    date_to DATE,
    charged DECIMAL(12,2),
    is_part BOOLEAN NOT NULL,
    payer_name VARCHAR NOT NULL,
    payer_code VARCHAR NOT NULL,
    payer_role VARCHAR NOT NULL,
    intake_file_id BIGINT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
