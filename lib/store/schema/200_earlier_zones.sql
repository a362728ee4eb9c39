-- In which time zone a practice counted its days before each change: a day that is over stays as it
-- was counted.
CREATE TABLE earlier_zone (
    practice_id BIGINT NOT NULL,
    timezone VARCHAR NOT NULL,
    until TIMESTAMP NOT NULL                   -- what happens from then on counts in the next zone
);
