-- Every way a request arrives: messages inside files, what else was said about a task's claim,
-- replaced and voided charges, and what a practice wants to be asked.
CREATE SEQUENCE intake_message_id;
CREATE SEQUENCE task_answer_id;
CREATE SEQUENCE charge_arrival_id;
CREATE SEQUENCE intake_mapping_id;

-- One message of a file: an ST…SE of X12, a FHIR resource, a sheet of tasks.
CREATE TABLE intake_message (
    id BIGINT PRIMARY KEY DEFAULT nextval('intake_message_id'),
    practice_id BIGINT NOT NULL,
    intake_file_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL,               -- 837P, 835, 277CA, 277RFAI, FHIR, CSV, XLSX, 999 …
    identifiers VARCHAR NOT NULL,        -- sender|ISA13|GS06|ST02|TRN02, or what the format has
    first_segment INTEGER NOT NULL,
    last_segment INTEGER NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN
        ('applied', 'quarantined', 'duplicate', 'recorded')),
    sentence VARCHAR NOT NULL DEFAULT '',
    segment_number INTEGER,              -- where the sentence points to
    raw VARCHAR,                         -- the text, of a quarantined one only
    received_at TIMESTAMP NOT NULL
);

-- What later messages said about a claim whose task was open: history, and known again.
CREATE TABLE task_answer (
    id BIGINT PRIMARY KEY DEFAULT nextval('task_answer_id'),
    practice_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    answer_key VARCHAR NOT NULL,
    intake_file_id BIGINT NOT NULL,
    segment_number INTEGER NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

-- Claims that replaced or voided a charge that was here: known again by their fingerprint.
CREATE TABLE charge_arrival (
    id BIGINT PRIMARY KEY DEFAULT nextval('charge_arrival_id'),
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL,
    frequency VARCHAR NOT NULL,          -- CLM05-3: 7 replaces, 8 voids
    intake_file_id BIGINT NOT NULL,
    segment_number INTEGER NOT NULL,
    arrived_at TIMESTAMP NOT NULL
);

-- How a practice matched the columns of a table of tasks.
CREATE TABLE intake_mapping (
    id BIGINT PRIMARY KEY DEFAULT nextval('intake_mapping_id'),
    practice_id BIGINT NOT NULL,
    signature VARCHAR NOT NULL,          -- of the header row
    mapping VARCHAR NOT NULL,            -- JSON
    saved_at TIMESTAMP NOT NULL
);

ALTER TABLE charge ADD COLUMN frequency VARCHAR DEFAULT '1';  -- CLM05-3
ALTER TABLE charge ADD COLUMN is_voided BOOLEAN DEFAULT false;
ALTER TABLE charge ADD COLUMN payer_claim_number VARCHAR;     -- CLP07 or REF*1K, once it is known

ALTER TABLE task ADD COLUMN proposal VARCHAR;                 -- "The payer paid … Complete it?"
ALTER TABLE task ADD COLUMN proposal_at TIMESTAMP;

-- Which answers of a remittance, beside denied claims, become tasks.
ALTER TABLE practice ADD COLUMN partial_denials BOOLEAN DEFAULT false;
ALTER TABLE practice ADD COLUMN line_denials BOOLEAN DEFAULT false;
ALTER TABLE practice ADD COLUMN reversals BOOLEAN DEFAULT false;
ALTER TABLE practice ADD COLUMN takebacks BOOLEAN DEFAULT false;
