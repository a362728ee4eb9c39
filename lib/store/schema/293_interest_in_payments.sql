-- Of what an answer says is paid (CLP04), the US dollars that are interest: its adjustments (CARC 85 and
-- 225) take them off the charge again, below zero; in a reversal above.
ALTER TABLE claim_answer ADD COLUMN interest DECIMAL(12,2) DEFAULT 0;

UPDATE claim_answer SET interest = CASE WHEN abs(told.interest) < abs(paid) THEN told.interest ELSE paid END
FROM (
    SELECT answer.id, -sum(said.amount) AS interest
    FROM claim_answer AS answer JOIN claim_answer_code AS said ON said.claim_answer_id = answer.id
    WHERE said.kind = 'adjustment' AND said.code IN ('85', '225')
      AND ((answer.paid > 0 AND said.amount < 0) OR (answer.paid < 0 AND said.amount > 0))
    GROUP BY answer.id
) AS told
WHERE told.id = claim_answer.id;
