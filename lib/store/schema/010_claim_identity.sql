-- What tells one claim from another: every number a charge had and has, what it was filed as before,
-- and what the message behind a task says of its claim.
ALTER TABLE charge ADD COLUMN number_key VARCHAR;    -- claim_number without case, separators, leading zeros
ALTER TABLE charge ADD COLUMN payer_role VARCHAR;    -- SBR01: P, S, T; NULL: it came in before this was kept
ALTER TABLE charge ADD COLUMN other_payers VARCHAR[];  -- names and codes in loops 2330B
ALTER TABLE task ADD COLUMN asked_on DATE;           -- the day of the newest message that asks
ALTER TABLE task ADD COLUMN earlier_task_id BIGINT;  -- a completed task about the same claim

-- A charge as it was before somebody edited it here or a claim replaced it.
CREATE TABLE earlier_claim (
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    claim_number VARCHAR NOT NULL,
    number_key VARCHAR NOT NULL,
    patient_id BIGINT NOT NULL,
    payer_id BIGINT NOT NULL,
    payer_role VARCHAR,
    member_id VARCHAR NOT NULL,
    date_from DATE,
    date_to DATE,
    filed_total DECIMAL(12,2) NOT NULL,
    ended_at TIMESTAMP NOT NULL
);

-- Numbers by which others call a charge.
CREATE TABLE charge_number (
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('claim', 'payer', 'trace')),
    number VARCHAR NOT NULL,
    number_key VARCHAR NOT NULL,
    is_proven BOOLEAN NOT NULL,          -- the message that said it agreed with the charge
    recorded_at TIMESTAMP NOT NULL
);

-- What the message of a task says of the claim it is about.
CREATE TABLE task_claim (
    task_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    number_key VARCHAR NOT NULL,         -- of the first claim number
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
    outcome VARCHAR NOT NULL             -- matched, several, contradicted, not found
);

-- The charge that somebody chose for a task; the newest choice counts.
CREATE TABLE charge_choice (
    task_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    chosen_by BIGINT NOT NULL,
    chosen_at TIMESTAMP NOT NULL
);

-- Other names by which messages call a payer, learned from the charges that people chose.
CREATE TABLE payer_alias (
    practice_id BIGINT NOT NULL,
    payer_id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    learned_at TIMESTAMP NOT NULL
);

-- Each state of a request that came in: the same one, sent again, may ask otherwise.
CREATE TABLE request_state (
    practice_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    state_key VARCHAR NOT NULL
);

-- Answers to the parts of a claim that its payer split (MA15).
CREATE TABLE claim_part (
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    answer_key VARCHAR NOT NULL,
    charged DECIMAL(12,2) NOT NULL
);

UPDATE charge SET number_key = coalesce(
    nullif(ltrim(lower(regexp_replace(claim_number, '[^0-9A-Za-z]', '', 'g')), '0'), ''),
    nullif(lower(regexp_replace(claim_number, '[^0-9A-Za-z]', '', 'g')), ''),
    trim(claim_number));

-- The payer's number was written on every charge of a claim number: only proof makes it this one's.
INSERT INTO charge_number
SELECT practice_id, id, 'payer', payer_claim_number,
       coalesce(
           nullif(ltrim(lower(regexp_replace(payer_claim_number, '[^0-9A-Za-z]', '', 'g')), '0'), ''),
           nullif(lower(regexp_replace(payer_claim_number, '[^0-9A-Za-z]', '', 'g')), ''),
           trim(payer_claim_number)),
       false, created_at
FROM charge WHERE payer_claim_number <> '';

-- Numbers that replaced claims had: only their tasks still know them.
INSERT INTO charge_number
SELECT DISTINCT task.practice_id, charge.id, 'claim', task.claim_number,
       coalesce(
           nullif(ltrim(lower(regexp_replace(task.claim_number, '[^0-9A-Za-z]', '', 'g')), '0'), ''),
           nullif(lower(regexp_replace(task.claim_number, '[^0-9A-Za-z]', '', 'g')), ''),
           trim(task.claim_number)),
       true, charge.created_at
FROM task JOIN charge ON charge.id = task.charge_id
WHERE task.claim_number <> '' AND task.claim_number <> charge.claim_number;

-- A task without a charge shows what its message says.
INSERT INTO task_claim
SELECT id, practice_id,
       coalesce(
           nullif(ltrim(lower(regexp_replace(claim_number, '[^0-9A-Za-z]', '', 'g')), '0'), ''),
           nullif(lower(regexp_replace(claim_number, '[^0-9A-Za-z]', '', 'g')), ''),
           trim(claim_number)),
       [claim_number], [], [], patient_name, NULL, [], date_of_service, date_of_service, NULL, false,
       payer_name, '', '', 'not found'
FROM task
WHERE is_open AND charge_id IS NULL AND intake_file_id IS NOT NULL AND claim_number <> '';
