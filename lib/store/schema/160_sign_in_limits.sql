-- Failures to sign in, as a level that sinks with time; it takes the place of sign_in_attempts.
CREATE TABLE sign_in_failure (
    whose VARCHAR PRIMARY KEY,           -- which limit, and a hash of whom it is about
    level DOUBLE NOT NULL,
    last_at TIMESTAMP NOT NULL
);

-- Browsers in which somebody signed in before: nobody else's guesses keep them waiting there.
CREATE TABLE known_browser (
    token_hash VARCHAR NOT NULL,
    person_id BIGINT NOT NULL,
    last_at TIMESTAMP NOT NULL,
    PRIMARY KEY (token_hash, person_id)
);
