-- A membership that a practice offers to somebody who has an account: nothing until they accept it.
CREATE TABLE membership_offer (
    practice_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    role VARCHAR NOT NULL,
    name VARCHAR NOT NULL,               -- as whoever offers it typed it
    token_hash VARCHAR,                  -- of its one-time link; NULL where that has ended
    offered_by BIGINT,                   -- NULL on the command line
    made_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

-- Days away are of one practice: each is told by its own administrators.
ALTER TABLE membership ADD COLUMN away_from DATE;
ALTER TABLE membership ADD COLUMN away_until DATE;
UPDATE membership SET away_from = person.away_from, away_until = person.away_until
FROM person WHERE person.id = membership.person_id;
