-- What a task asked, and how long a payer took claims, before each change: a past day is counted by
-- what was known then, whatever a payer's message, a charge or a setting says today.
CREATE SEQUENCE task_before_id;
CREATE TABLE task_before (
    id BIGINT PRIMARY KEY DEFAULT nextval('task_before_id'),  -- ascending with time
    practice_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    type VARCHAR NOT NULL,
    codes VARCHAR NOT NULL,
    amount DECIMAL(12,2),
    due_on DATE,
    charge_id BIGINT,
    payer_id BIGINT,
    payer_name VARCHAR NOT NULL,
    provider_name VARCHAR NOT NULL,
    date_of_service DATE,
    changed_at TIMESTAMP NOT NULL
);
CREATE SEQUENCE filing_limit_before_id;
CREATE TABLE filing_limit_before (
    id BIGINT PRIMARY KEY DEFAULT nextval('filing_limit_before_id'),
    practice_id BIGINT NOT NULL,
    payer_id BIGINT NOT NULL,
    filing_days INTEGER,                       -- NULL: it was not recorded
    changed_at TIMESTAMP NOT NULL
);

-- Of changes by payers history kept the old words; what else a task said is taken as it is now.
INSERT INTO task_before (practice_id, task_id, type, codes, amount, due_on, charge_id, payer_id,
                         payer_name, provider_name, date_of_service, changed_at)
WITH change AS (
    SELECT id, task_id, field, old_value, happened_at FROM event
    WHERE kind = 'request changed' AND task_id IS NOT NULL
),
moment AS (
    SELECT task_id, happened_at, min(id) AS first_id FROM change GROUP BY task_id, happened_at
),
told AS (
    -- The next change of a field says what it was until then.
    SELECT moment.task_id, moment.happened_at, change.field,
           arg_min({'text': change.old_value}, change.id).text AS was
    FROM moment JOIN change ON change.task_id = moment.task_id AND change.id >= moment.first_id
    GROUP BY moment.task_id, moment.happened_at, change.field
),
was AS (
    SELECT task_id, happened_at,
           max(was) FILTER (WHERE field = 'Type') AS type,
           bool_or(field = 'Denial codes (CARC/RARC)') AS has_codes,
           max(was) FILTER (WHERE field = 'Denial codes (CARC/RARC)') AS codes,
           bool_or(field = 'Amount') AS has_amount,
           max(was) FILTER (WHERE field = 'Amount') AS amount,
           bool_or(field = 'Due') AS has_due,
           max(was) FILTER (WHERE field = 'Due') AS due
    FROM told GROUP BY task_id, happened_at
)
SELECT task.practice_id, task.id, coalesce(was.type, task.type),
       CASE WHEN has_codes THEN coalesce(was.codes, '') ELSE task.codes END,
       CASE WHEN has_amount THEN CAST(replace(was.amount, ',', '') AS DECIMAL(12,2))
            ELSE task.amount END,
       CASE WHEN has_due THEN CAST(strptime(was.due, '%m/%d/%Y') AS DATE) ELSE task.due_on END,
       task.charge_id, task.payer_id, task.payer_name, task.provider_name, task.date_of_service,
       was.happened_at
FROM was JOIN task ON task.id = was.task_id
ORDER BY was.happened_at, task.id;

INSERT INTO filing_limit_before (practice_id, payer_id, filing_days, changed_at)
SELECT event.practice_id, named.payer_id,
       CAST(nullif(regexp_extract(event.old_value, '^([0-9]{1,4}) days', 1), '') AS INTEGER),
       event.happened_at
FROM event
JOIN (
    SELECT practice_id, name, min(id) AS payer_id FROM payer
    GROUP BY practice_id, name HAVING count(*) = 1
) AS named ON named.practice_id = event.practice_id
          AND event.field = 'Filing limit of ' || named.name
WHERE event.kind = 'setting_changed'
ORDER BY event.id;
