-- People who sign in by themselves: what they have to show, and what it costs to guess it.
ALTER TABLE person ADD COLUMN deactivated_at TIMESTAMP;

ALTER TABLE practice ADD COLUMN npi VARCHAR DEFAULT '';
ALTER TABLE practice ADD COLUMN tax_id VARCHAR DEFAULT '';
ALTER TABLE practice ADD COLUMN idle_minutes INTEGER DEFAULT 15;             -- a session nobody uses ends
ALTER TABLE practice ADD COLUMN needs_second_factor BOOLEAN DEFAULT false;

CREATE TABLE password (
    person_id BIGINT PRIMARY KEY,
    hash VARCHAR NOT NULL,               -- argon2id, with its salt and costs
    set_at TIMESTAMP NOT NULL
);

CREATE SEQUENCE passkey_id;
CREATE TABLE passkey (
    id BIGINT PRIMARY KEY DEFAULT nextval('passkey_id'),
    person_id BIGINT NOT NULL,
    credential VARCHAR NOT NULL UNIQUE,  -- the authenticator's own id of it, base64url
    public_key VARCHAR NOT NULL,         -- COSE, base64url
    uses BIGINT NOT NULL,                -- as the authenticator counts them; 0 where it does not
    name VARCHAR NOT NULL,
    added_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP
);

-- A one-time link by which a person sets a password: the store keeps the hash of its secret.
CREATE TABLE invitation (
    token_hash VARCHAR PRIMARY KEY,
    person_id BIGINT NOT NULL,
    invited_by BIGINT,                   -- NULL on the command line
    made_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP                   -- used, or replaced by a newer one
);

-- Attempts to sign in since the last that succeeded, of an account or an address.
CREATE TABLE sign_in_attempts (
    whose VARCHAR PRIMARY KEY,           -- account or address, and a hash of which
    attempts INTEGER NOT NULL,
    last_at TIMESTAMP NOT NULL
);
