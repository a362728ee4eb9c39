-- Days on which a practice is closed: no business days, in the figures of the Backlog.
CREATE TABLE holiday (
    practice_id BIGINT NOT NULL,
    day DATE NOT NULL,
    name VARCHAR NOT NULL
);
