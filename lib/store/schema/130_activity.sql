-- Who saw and did what, a line each, written once and never changed. Each line's hash covers the line
-- before it, so that one that is changed, added or taken out is noticed (lib/activity_chain.py).
CREATE TABLE activity (
    id BIGINT NOT NULL,                  -- 1, 2, 3 … without a gap
    happened_at TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    actor_id BIGINT,                     -- NULL: the command line, or nobody signed in
    practice_id BIGINT,                  -- NULL: of all practices of the actor or person
    person_id BIGINT,                    -- whose account or role it is about
    task_id BIGINT,
    charge_id BIGINT,
    document_id BIGINT,
    patient_id BIGINT,
    detail VARCHAR NOT NULL,             -- never anything of a patient
    last_event_id BIGINT,                -- of a line about changes: it covers the events up to this one
    events_hash VARCHAR,                 -- SHA-256 of those events
    hash VARCHAR NOT NULL                -- SHA-256 of the line before, and of this one
);
