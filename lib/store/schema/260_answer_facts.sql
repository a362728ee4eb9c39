-- What an answer of a remittance decides of the payer's number for its claim, and what it says of the
-- claim: one that comes in before its claim is found by it. NULL: it came in before this was kept.
ALTER TABLE claim_answer ADD COLUMN outcome VARCHAR;        -- decided, reversed, held; '': not its claim
ALTER TABLE claim_answer ADD COLUMN payer_id BIGINT;        -- of the charge's payers, the one it names
ALTER TABLE claim_answer ADD COLUMN number_key VARCHAR;     -- of its first claim number
ALTER TABLE claim_answer ADD COLUMN original VARCHAR;       -- REF*F8
ALTER TABLE claim_answer ADD COLUMN patient_name VARCHAR;
ALTER TABLE claim_answer ADD COLUMN member_ids VARCHAR[];
ALTER TABLE claim_answer ADD COLUMN date_from DATE;
ALTER TABLE claim_answer ADD COLUMN date_to DATE;
ALTER TABLE claim_answer ADD COLUMN is_part BOOLEAN;
ALTER TABLE claim_answer ADD COLUMN stated_payer VARCHAR;
ALTER TABLE claim_answer ADD COLUMN stated_payer_code VARCHAR;
ALTER TABLE claim_answer ADD COLUMN payer_role VARCHAR;

UPDATE claim_answer SET
    payer_id = coalesce(
        (SELECT charge.payer_id FROM charge JOIN payer ON payer.id = charge.payer_id
         WHERE charge.id = claim_answer.charge_id AND payer.name = claim_answer.payer_name),
        (SELECT min(payer.id) FROM payer
         WHERE payer.practice_id = claim_answer.practice_id
           AND payer.name = claim_answer.payer_name)),
    outcome = CASE
        WHEN charged < 0 OR paid < 0 THEN 'reversed'
        WHEN status = '4' AND paid = 0 THEN 'decided'
        WHEN status IN ('23', '24', '25') THEN ''
        WHEN status = '22' AND NOT (paid = 0 AND charged > 0) THEN 'reversed'
        WHEN paid > 0 OR charged = 0 THEN 'decided'
        WHEN status IN ('5', '9', '10', '13', '14', '15', '16', '17') THEN 'held'
        WHEN EXISTS (SELECT 1 FROM claim_answer_code AS said
                     WHERE said.claim_answer_id = claim_answer.id AND kind = 'adjustment'
                       AND code IN ('18', '85', '225', 'B13', '133'))
         AND NOT EXISTS (SELECT 1 FROM claim_answer_code AS said
                         WHERE said.claim_answer_id = claim_answer.id AND kind = 'adjustment'
                           AND code NOT IN ('18', '85', '225', 'B13', '133', '45', '1', '2', '3'))
        THEN 'held'
        ELSE 'decided' END;

-- A number that only an acknowledgment or a request gave is none of a claim that was decided.
UPDATE charge SET payer_claim_number = NULL
WHERE payer_claim_number <> ''
  AND EXISTS (SELECT 1 FROM task JOIN task_claim ON task_claim.task_id = task.id
              WHERE task.charge_id = charge.id AND source <> '835'
                AND charge.payer_claim_number = ANY(payer_numbers))
  AND NOT EXISTS (SELECT 1 FROM task JOIN task_claim ON task_claim.task_id = task.id
                  WHERE task.charge_id = charge.id AND source = '835'
                    AND charge.payer_claim_number = ANY(payer_numbers))
  AND NOT EXISTS (SELECT 1 FROM claim_answer
                  WHERE claim_answer.charge_id = charge.id
                    AND claim_answer.payer_claim_number = charge.payer_claim_number);
