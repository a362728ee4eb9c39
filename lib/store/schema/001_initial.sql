CREATE SEQUENCE practice_id;
CREATE SEQUENCE person_id;
CREATE SEQUENCE payer_id;
CREATE SEQUENCE patient_id;
CREATE SEQUENCE provider_id;
CREATE SEQUENCE charge_id;
CREATE SEQUENCE service_line_id;
CREATE SEQUENCE task_id;
CREATE SEQUENCE note_id;
CREATE SEQUENCE document_id;
CREATE SEQUENCE event_id;
CREATE SEQUENCE intake_file_id;

CREATE TABLE practice (
    id BIGINT PRIMARY KEY DEFAULT nextval('practice_id'),
    name VARCHAR NOT NULL,
    timezone VARCHAR NOT NULL,
    due_days INTEGER NOT NULL CHECK (due_days > 0),
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE person (
    id BIGINT PRIMARY KEY DEFAULT nextval('person_id'),
    name VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    is_sample BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE membership (
    practice_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    role VARCHAR NOT NULL CHECK (role IN ('manager', 'staff', 'biller', 'analyst')),
    PRIMARY KEY (practice_id, person_id)
);

CREATE TABLE session (
    token_hash VARCHAR PRIMARY KEY,  -- SHA-256 of the cookie's token, in hexadecimal
    person_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);

CREATE TABLE payer (
    id BIGINT PRIMARY KEY DEFAULT nextval('payer_id'),
    practice_id BIGINT NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    filing_days INTEGER,
    filing_source VARCHAR,
    filing_verified_on DATE
);

CREATE TABLE patient (
    id BIGINT PRIMARY KEY DEFAULT nextval('patient_id'),
    practice_id BIGINT NOT NULL,
    last_name VARCHAR NOT NULL,
    first_name VARCHAR NOT NULL,
    birth_date DATE,
    sex VARCHAR
);

CREATE TABLE provider (
    id BIGINT PRIMARY KEY DEFAULT nextval('provider_id'),
    practice_id BIGINT NOT NULL,
    npi VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);

CREATE TABLE charge (
    id BIGINT PRIMARY KEY DEFAULT nextval('charge_id'),
    practice_id BIGINT NOT NULL,
    claim_number VARCHAR NOT NULL,       -- CLM01
    patient_id BIGINT NOT NULL,
    payer_id BIGINT NOT NULL,
    member_id VARCHAR NOT NULL DEFAULT '',
    authorization_number VARCHAR NOT NULL DEFAULT '',
    billing_npi VARCHAR NOT NULL DEFAULT '',
    billing_name VARCHAR NOT NULL DEFAULT '',
    rendering_npi VARCHAR NOT NULL DEFAULT '',
    rendering_name VARCHAR NOT NULL DEFAULT '',
    referring_npi VARCHAR NOT NULL DEFAULT '',
    referring_name VARCHAR NOT NULL DEFAULT '',
    supervising_npi VARCHAR NOT NULL DEFAULT '',
    supervising_name VARCHAR NOT NULL DEFAULT '',
    location VARCHAR NOT NULL DEFAULT '',
    place_of_service VARCHAR NOT NULL DEFAULT '',
    date_from DATE,
    date_to DATE,
    hospitalized_from DATE,
    hospitalized_to DATE,
    diagnoses VARCHAR[] NOT NULL,
    filed_total DECIMAL(12,2) NOT NULL,  -- CLM02
    is_edited BOOLEAN NOT NULL DEFAULT false,
    arrival_problems VARCHAR[] NOT NULL, -- keys of what the checks found when it came in
    fingerprint VARCHAR NOT NULL,        -- what the claim says, hashed: the same claim is known again
    intake_file_id BIGINT,
    segment_number INTEGER,
    created_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE service_line (
    id BIGINT PRIMARY KEY DEFAULT nextval('service_line_id'),
    practice_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    position INTEGER NOT NULL,           -- 1, 2, 3 …
    date_from DATE,
    date_to DATE,
    procedure VARCHAR NOT NULL,
    modifiers VARCHAR[] NOT NULL,
    pointers INTEGER[] NOT NULL,
    units DECIMAL(12,3) NOT NULL,
    unit_charge DECIMAL(12,2) NOT NULL,
    total DECIMAL(12,2) NOT NULL
);

CREATE TABLE task (
    id BIGINT PRIMARY KEY DEFAULT nextval('task_id'),
    practice_id BIGINT NOT NULL,
    type VARCHAR NOT NULL CHECK (type IN
        ('coding', 'patient', 'insurance', 'authorization', 'provider', 'charge', 'documents')),
    status VARCHAR NOT NULL CHECK (status IN ('open', 'in_progress', 'completed')),
    is_open BOOLEAN NOT NULL,
    turn VARCHAR NOT NULL CHECK (turn IN ('practice', 'biller')),
    title VARCHAR NOT NULL,
    instructions VARCHAR NOT NULL,
    charge_id BIGINT,
    patient_id BIGINT,
    payer_id BIGINT,
    assignee_id BIGINT,
    claim_number VARCHAR NOT NULL DEFAULT '',
    patient_name VARCHAR NOT NULL DEFAULT '',
    payer_name VARCHAR NOT NULL DEFAULT '',
    provider_name VARCHAR NOT NULL DEFAULT '',
    date_of_service DATE,
    amount DECIMAL(12,2),
    due_on DATE,
    due_rule VARCHAR NOT NULL DEFAULT '',
    document_label VARCHAR,
    source VARCHAR NOT NULL,             -- 835, by hand …
    codes VARCHAR NOT NULL DEFAULT '',   -- as the sender gave them: CO-16, N290 …
    request_key VARCHAR,                 -- what is asked of which claim: the same request is known again
    intake_file_id BIGINT,
    segment_number INTEGER,
    search_text VARCHAR NOT NULL,        -- lower case
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    completed_by BIGINT,
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE note (
    id BIGINT PRIMARY KEY DEFAULT nextval('note_id'),
    practice_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    channel VARCHAR NOT NULL CHECK (channel IN ('question', 'to_biller', 'from_biller')),
    text VARCHAR NOT NULL,
    author_id BIGINT NOT NULL,
    written_at TIMESTAMP NOT NULL
);

CREATE TABLE document (
    id BIGINT PRIMARY KEY DEFAULT nextval('document_id'),
    practice_id BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    file_name VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('new', 'in_process', 'processed', 'error')),
    document_date DATE NOT NULL,
    notes VARCHAR NOT NULL DEFAULT '',
    patient_id BIGINT,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT,
    version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE attachment (
    task_id BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    attached_at TIMESTAMP NOT NULL,
    attached_by BIGINT,
    PRIMARY KEY (task_id, document_id)
);

-- The append-only story of every task, charge and document.
CREATE TABLE event (
    id BIGINT DEFAULT nextval('event_id'),
    practice_id BIGINT NOT NULL,
    task_id BIGINT,
    charge_id BIGINT,
    document_id BIGINT,
    kind VARCHAR NOT NULL,
    field VARCHAR,
    old_value VARCHAR,
    new_value VARCHAR,
    detail VARCHAR,
    actor_id BIGINT,                     -- NULL: a file did it
    happened_at TIMESTAMP NOT NULL
);

-- Forms that were sent, by the token made when they opened: a second click is known again.
CREATE TABLE submission (
    token VARCHAR PRIMARY KEY,
    person_id BIGINT NOT NULL,
    verb VARCHAR NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    result_id BIGINT                     -- what was made by it, where something was
);

-- What somebody has typed into Edit Charge and not saved yet.
CREATE TABLE draft (
    person_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    content VARCHAR NOT NULL,            -- JSON
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, task_id)
);

CREATE TABLE intake_file (
    id BIGINT PRIMARY KEY DEFAULT nextval('intake_file_id'),
    practice_id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    charges_new INTEGER NOT NULL,
    tasks_new INTEGER NOT NULL,
    tasks_amount DECIMAL(12,2) NOT NULL,
    imported_at TIMESTAMP NOT NULL,
    imported_by BIGINT
);
