INSERT INTO charge (id, practice_id, claim_number, patient_id, payer_id, member_id,
    authorization_number, billing_npi, billing_name, rendering_npi, rendering_name, location,
    place_of_service, date_from, date_to, diagnoses, filed_total, is_edited, arrival_problems,
    fingerprint, number_key, created_at)
SELECT id, $practice_id, claim_number, patient_id, payer_id,
       'M' || lpad(pick(patient_id, 34, 1000000000)::VARCHAR, 9, '0'),
       CASE WHEN chance(id, 35) < 0.1 THEN 'A' || pick(id, 36, 10000000) ELSE '' END,
       $npi, $name, provider_npi, provider_name, $name, '11', date_of_service, date_of_service,
       diagnoses[1:1 + pick(id, 37, 4)], amount, false, [],
       md5(claim_number), lower(claim_number),  -- lib.intake.matching.claim_numbers.lookup_key
       date_of_service::TIMESTAMP + INTERVAL 44 HOURS
FROM drawn
ORDER BY id
