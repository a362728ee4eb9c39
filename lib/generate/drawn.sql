-- One row a task of this batch, with all that its charge, history and notes are made from.
-- Tasks come evenly over the working hours of the years; ids ascend with time.
CREATE OR REPLACE TEMP TABLE drawn AS
WITH placed AS (
    SELECT id, place, floor(place)::INTEGER AS day
    FROM (
        SELECT id, (id - 0.5) / $count * $days AS place
        FROM range($first, $last + 1) AS task (id)
    )
),
born AS (
    SELECT id,
           $monday::TIMESTAMP + INTERVAL 13 HOURS
               + to_days(day // 5 * 7 + day % 5)
               + to_seconds(floor((place - day) * 36000)) AS created_at
    FROM placed
),
-- Days until it is done, mostly few; the young ones are mostly still pending.
aged AS (
    SELECT *, least(-ln(1 - chance(id, 20)) * 14, age * pow(chance(id, 21), 0.3)) AS days,
           chance(id, 22) < CASE
               WHEN age < 120 THEN 0.85 * pow(1 - age / 120, 0.7) ELSE 0.002
           END AS waits
    FROM (SELECT *, greatest(epoch($now) - epoch(created_at), 0) / 86400.0 AS age FROM born)
),
timed AS (
    SELECT *,
           workday(created_at + to_days(floor(days * 0.4)::INTEGER)) + INTERVAL 2 MINUTES
               AS taken_at,
           workday(created_at + to_days(floor(days * 0.6)::INTEGER)) + INTERVAL 5 MINUTES
               AS begun_at,
           workday(created_at + to_days(floor(days)::INTEGER))
               + to_minutes(10 + pick(id, 23, 50)) AS done_at
    FROM aged
),
standing AS (
    SELECT *,
           CASE
               WHEN NOT waits AND done_at < $now THEN 'completed'
               WHEN begun_at + INTERVAL 5 MINUTES < $now AND chance(id, 24) < 0.4 THEN 'in_progress'
               ELSE 'open'
           END AS status,
           1 + pick(id, 28, $patients) AS patient,
           pick(id, 29, (SELECT count(*) FROM request_slot)) AS request,
           pick(id, 30, (SELECT count(*) FROM payer_slot)) AS payer,
           pick(id, 31, (SELECT count(*) FROM provider_slot)) AS provider,
           pick(id, 32, (SELECT count(*) FROM worker_slot)) AS worker,
           pick(id, 33, (SELECT count(*) FROM diagnosis_slot)) AS diagnosis
    FROM timed
),
lines AS (
    SELECT id, sum(charge * units)::DECIMAL(12,2) AS amount FROM drawn_line GROUP BY id
)
SELECT standing.id, standing.status, standing.created_at,
       standing.created_at::DATE - (12 + pick(standing.id, 25, 30))::INTEGER AS date_of_service,
       CASE WHEN status <> 'open' THEN begun_at END AS started_at,
       CASE WHEN status = 'completed' THEN done_at END AS completed_at,
       CASE WHEN status <> 'open' OR (taken_at < $now AND chance(standing.id, 24) < 0.6)
            THEN taken_at END AS assigned_at,
       CASE WHEN status = 'completed' THEN chance(standing.id, 26) < 0.06
            ELSE status = 'in_progress' AND chance(standing.id, 26) < 0.3 END AS has_question,
       status = 'completed' AND chance(standing.id, 27) < 0.06 AS has_note,
       status = 'completed' AND chance(standing.id, 60) < 0.03 AS came_back,
       lines.amount, request_slot.type, request_slot.title, request_slot.instructions,
       request_slot.document_label, request_slot.codes,
       patient.id AS patient_id, patient.last_name || ', ' || patient.first_name AS patient_name,
       payer_slot.payer_id, payer_slot.name AS payer_name,
       provider_slot.npi AS provider_npi, provider_slot.name AS provider_name,
       worker_slot.person_id AS worker_id, worker_slot.name AS worker_name,
       'G' || lpad(standing.id::VARCHAR, 8, '0') AS claim_number,
       diagnosis_slot.codes AS diagnoses
FROM standing
JOIN lines ON lines.id = standing.id
JOIN patient ON patient.id = standing.patient
JOIN request_slot ON request_slot.slot = standing.request
JOIN payer_slot ON payer_slot.slot = standing.payer
JOIN provider_slot ON provider_slot.slot = standing.provider
JOIN worker_slot ON worker_slot.slot = standing.worker
JOIN diagnosis_slot ON diagnosis_slot.slot = standing.diagnosis
