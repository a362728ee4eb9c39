-- What somebody has typed and not sent yet: one row for each open form, so that two tabs of one
-- person never write over each other. `form` says which form of the task it is.
CREATE TABLE draft_by_form (
    person_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    form VARCHAR NOT NULL,               -- charge, question, answer, biller, note, reason
    writer VARCHAR NOT NULL,             -- the open form that keeps it
    content VARCHAR NOT NULL,            -- JSON
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (person_id, task_id, form, writer)
);

INSERT INTO draft_by_form (person_id, task_id, practice_id, form, writer, content, saved_at)
SELECT person_id, task_id, practice_id, 'charge', 'first', content, saved_at FROM draft;

DROP TABLE draft;

ALTER TABLE draft_by_form RENAME TO draft;
