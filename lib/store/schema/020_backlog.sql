-- What analysts ask of the past: when a payer asked, who had a task when, how it ended, what payers
-- answered to every claim, what a charge came to before. What was not written down stays NULL.

ALTER TABLE task ADD COLUMN requested_on DATE;    -- the day it was asked for, by the asker's own date
ALTER TABLE task ADD COLUMN resolution VARCHAR;   -- of a completed task
ALTER TABLE event ADD COLUMN assignee_id BIGINT;      -- who has the task once this has happened
ALTER TABLE event ADD COLUMN was_assignee_id BIGINT;  -- of "assigned": who had it before
ALTER TABLE event ADD COLUMN resolution VARCHAR;      -- of "completed"

-- A due date by the practice's own rule counts from the day of the request, and the rule says so.
UPDATE task
SET requested_on = due_on - CAST(regexp_extract(due_rule, '^[0-9]+') AS INTEGER)
WHERE due_on IS NOT NULL AND regexp_matches(
    due_rule, '^[0-9]{1,3} days after the (remittance|acknowledgment|request), the practice');

-- Whoever is named in a line of history is meant where only one person has that name; of two with
-- one name, the one who completed the task or has it now.
WITH named AS (
    SELECT name, min(id) AS person_id FROM person GROUP BY name HAVING count(*) = 1
),
given AS (
    SELECT event.id, event.task_id, event.happened_at,
           coalesce(taker.person_id, CASE WHEN holder.name = event.new_value THEN holder.id END)
               AS to_id,
           giver.person_id AS from_id
    FROM event
    LEFT JOIN named AS taker ON taker.name = event.new_value
    LEFT JOIN named AS giver ON giver.name = event.old_value
    LEFT JOIN task ON task.id = event.task_id
    LEFT JOIN person AS holder ON holder.id = task.assignee_id
    WHERE event.kind = 'assigned'
)
UPDATE event SET assignee_id = given.to_id, was_assignee_id = given.from_id
FROM given WHERE given.id = event.id AND event.kind = 'assigned';

-- A task is completed by who has it, and comes back to them.
UPDATE event SET assignee_id = actor_id WHERE kind = 'completed';
UPDATE event SET assignee_id = told.had
FROM (
    SELECT id, last_value(CASE WHEN kind IN ('assigned', 'completed') THEN assignee_id END
                          IGNORE NULLS) OVER (PARTITION BY task_id ORDER BY happened_at, id) AS had
    FROM event
    WHERE task_id IN (SELECT task_id FROM event WHERE kind = 'reopened')
      AND kind IN ('assigned', 'completed', 'reopened')
) AS told
WHERE told.id = event.id AND event.kind = 'reopened';

-- True of a practice whose time zone nobody named.
ALTER TABLE practice ADD COLUMN timezone_is_assumed BOOLEAN DEFAULT false;

-- What a charge came to before it was changed: held now is known for every past day.
CREATE TABLE charge_total (
    charge_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    was DECIMAL(12,2) NOT NULL,
    became DECIMAL(12,2) NOT NULL,
    changed_at TIMESTAMP NOT NULL
);

-- What payers answered to claims, paid ones too: one row a CLP of a remittance.
CREATE SEQUENCE claim_answer_id;
CREATE TABLE claim_answer (
    id BIGINT PRIMARY KEY DEFAULT nextval('claim_answer_id'),
    practice_id BIGINT NOT NULL,
    intake_file_id BIGINT NOT NULL,
    segment_number INTEGER NOT NULL,
    answer_key VARCHAR NOT NULL,               -- the same answer in another envelope is known again
    charge_id BIGINT,                          -- where the claim was held when the answer came
    payer_name VARCHAR NOT NULL,
    claim_number VARCHAR NOT NULL,             -- CLP01
    payer_claim_number VARCHAR NOT NULL,       -- CLP07
    status VARCHAR NOT NULL,                   -- CLP02
    charged DECIMAL(12,2) NOT NULL,            -- CLP03
    paid DECIMAL(12,2) NOT NULL,               -- CLP04
    patient_responsibility DECIMAL(12,2),      -- CLP05
    answered_on DATE,
    recorded_at TIMESTAMP NOT NULL
);
CREATE TABLE claim_answer_code (
    claim_answer_id BIGINT NOT NULL,
    practice_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('adjustment', 'remark')),
    group_code VARCHAR NOT NULL,               -- CO, PR, OA, PI; empty of a remark
    code VARCHAR NOT NULL,
    amount DECIMAL(12,2)                       -- US dollars, of an adjustment
);

-- What happened on a day, for every chart over time: "new clearinghouse".
CREATE SEQUENCE day_note_id;
CREATE TABLE day_note (
    id BIGINT PRIMARY KEY DEFAULT nextval('day_note_id'),
    practice_id BIGINT NOT NULL,
    day DATE NOT NULL,
    text VARCHAR NOT NULL,
    author_id BIGINT NOT NULL,
    written_at TIMESTAMP NOT NULL
);

-- Questions that analysts saved on the Explore page.
CREATE SEQUENCE saved_question_id;
CREATE TABLE saved_question (
    id BIGINT PRIMARY KEY DEFAULT nextval('saved_question_id'),
    person_id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    query VARCHAR NOT NULL,
    saved_at TIMESTAMP NOT NULL
);

-- The key under which ids leave the store, so that a copy names nobody and two copies agree.
CREATE TABLE copy_key (
    secret VARCHAR NOT NULL
);
