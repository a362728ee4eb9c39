-- What each answer of a remittance decided, by the rules of lib/intake/x12/payer_decision_rules.py, in the words
-- denied, paid, reversed, pended, forwarded, predetermined, capitated, encounter, interest, other_payer, unreasoned
-- and nothing_due; and of which claim. Set when the answer comes in, and never changed.
ALTER TABLE claim_answer ADD COLUMN decision VARCHAR;
ALTER TABLE claim_answer ADD COLUMN is_denied_in_part BOOLEAN DEFAULT false;  -- paid, and some of it open
ALTER TABLE claim_answer ADD COLUMN claim_key VARCHAR;                        -- its number and day of service

-- An older store kept neither the kind of plan (CLP06), nor interest beside the payment (AMT*I), nor which
-- adjustment stood for the claim and which for a line: docs/decisions.md says what can be told without them.
WITH reason AS (
    SELECT claim_answer_id AS id, group_code, code, amount,
           CASE WHEN code = '45' OR (group_code = 'CO' AND code IN ('42', 'A2', '131', '253')) THEN 'contract'
                WHEN group_code = 'PR' AND code IN ('1', '2', '3') THEN 'patient'
                WHEN code = '23' THEN 'other payer'
                ELSE 'asked' END AS whose
    FROM claim_answer_code WHERE kind = 'adjustment'
),
added AS (
    SELECT id, count(*) AS reasons, sum(amount) AS named,
           count(*) FILTER (WHERE group_code = 'PR') AS to_patient,
           count(*) FILTER (WHERE whose = 'other payer' AND amount > 0) AS by_others,
           count(*) FILTER (WHERE whose = 'asked' AND amount > 0) AS asked,
           count(*) FILTER (WHERE whose = 'asked' AND amount > 0 AND code = '133') AS in_review,
           count(*) FILTER (WHERE whose = 'asked' AND amount > 0 AND code = '24' AND group_code = 'CO')
               AS capitated,
           count(*) FILTER (WHERE whose = 'asked' AND amount > 0 AND group_code = 'PR') AS asked_of_patient,
           count(*) FILTER (WHERE whose = 'asked' AND amount > 0 AND code IN ('18', '85', '225', 'B13'))
               AS answered_before
    FROM reason GROUP BY id
),
facts AS (
    SELECT answer.id, status, charged, paid - interest AS paid, interest,
           coalesce(reasons, 0) AS reasons, coalesce(by_others, 0) AS by_others, coalesce(asked, 0) AS asked,
           coalesce(in_review, 0) AS in_review, coalesce(capitated, 0) AS capitated,
           coalesce(asked_of_patient, 0) AS asked_of_patient, coalesce(answered_before, 0) AS answered_before,
           charged - paid - coalesce(named, 0)
               - CASE WHEN coalesce(to_patient, 0) = 0 THEN coalesce(patient_responsibility, 0) ELSE 0 END
               > 0 AS is_unexplained,
           EXISTS (SELECT 1 FROM task WHERE task.source = '835' AND task.practice_id = answer.practice_id
                     AND task.intake_file_id = answer.intake_file_id
                     AND task.segment_number = answer.segment_number) AS has_task
    FROM claim_answer AS answer LEFT JOIN added ON added.id = answer.id
),
decided AS (
    SELECT id, asked > 0 OR is_unexplained AS is_open, CASE
        WHEN charged < 0 OR paid < 0 THEN 'reversed'
        WHEN status = '4' AND paid = 0 THEN 'denied'
        WHEN status = '25' THEN 'predetermined'
        WHEN status IN ('23', '24') THEN 'forwarded'
        WHEN status = '22' AND NOT (paid = 0 AND charged > 0 AND (asked > 0 OR is_unexplained)) THEN 'reversed'
        WHEN paid > 0 THEN 'paid'
        WHEN interest > 0 AND NOT is_unexplained AND answered_before = asked THEN 'interest'
        WHEN charged = 0 THEN 'encounter'
        WHEN status IN ('5', '9', '10', '13', '14', '15', '16', '17') AND in_review = asked THEN 'pended'
        WHEN asked > 0 AND NOT is_unexplained AND in_review = asked THEN 'pended'
        WHEN asked > 0 AND NOT is_unexplained AND capitated = asked AND NOT has_task THEN 'capitated'
        WHEN status IN ('19', '20', '21') AND asked > 0 AND NOT is_unexplained AND asked_of_patient = asked
            THEN 'forwarded'
        WHEN asked = 0 AND NOT is_unexplained AND by_others > 0 THEN 'other_payer'
        WHEN asked = 0 AND NOT is_unexplained AND reasons = 0 THEN 'unreasoned'
        WHEN asked = 0 AND NOT is_unexplained THEN 'nothing_due'
        ELSE 'denied' END AS decision
    FROM facts
)
UPDATE claim_answer SET
    decision = decided.decision,
    is_denied_in_part = decided.decision = 'paid' AND decided.is_open,
    claim_key = coalesce(nullif(claim_number, ''), payer_claim_number) || '|' || CASE
        WHEN date_from IS NOT NULL THEN CAST(date_from AS VARCHAR)
        WHEN split_part(answer_key, '|', 3) LIKE '____-__-__' THEN split_part(answer_key, '|', 3)
        ELSE '' END
FROM decided WHERE decided.id = claim_answer.id;
