-- Each different text by which a task is found, once (lib/spellings.py): a search looks here first, and
-- reads of the tasks only the columns in which its words occur. A name that no task carries any more
-- may stay.
CREATE TABLE spelling (
    kind VARCHAR NOT NULL,  -- the column of task
    text VARCHAR NOT NULL   -- in lower case
);
INSERT INTO spelling
SELECT 'title', lower(title) FROM task
UNION SELECT 'patient_name', lower(patient_name) FROM task
UNION SELECT 'payer_name', lower(payer_name) FROM task
UNION SELECT 'provider_name', lower(provider_name) FROM task
UNION SELECT 'claim_shape', claim_shape FROM task;
