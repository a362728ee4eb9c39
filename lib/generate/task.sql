INSERT INTO task (id, practice_id, type, status, is_open, turn, title, instructions, charge_id,
    patient_id, payer_id, assignee_id, claim_number, patient_name, payer_name, provider_name,
    date_of_service, amount, due_on, due_rule, document_label, source, codes, claim_shape,
    requested_on, resolution, created_at, came_at, taken_up_at, created_by, started_at, completed_at,
    completed_by)
SELECT id, $practice_id, type, status, status <> 'completed',
       CASE WHEN status = 'completed' OR has_question THEN 'biller' ELSE 'practice' END,
       title, instructions, id, patient_id, payer_id,
       CASE WHEN assigned_at IS NOT NULL THEN worker_id END,
       claim_number, patient_name, payer_name, provider_name, date_of_service, amount,
       created_at::DATE + 30, '30 days after the request, the practice''s own rule',
       document_label, CASE WHEN codes = '' THEN 'hand' ELSE '835' END, codes,
       regexp_replace(lower(claim_number), '[0-9]+', '#', 'g'),  -- lib.store.search_match.claim_shape
       created_at::DATE,
       CASE WHEN status = 'completed' THEN
           CASE WHEN document_label IS NOT NULL THEN 'document_sent' ELSE 'corrected' END END,
       created_at, created_at, least(assigned_at, started_at), CASE WHEN codes = '' THEN $biller_id END, started_at, completed_at,
       CASE WHEN status = 'completed' THEN worker_id END
FROM drawn
ORDER BY id
