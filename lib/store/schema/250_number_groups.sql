-- A separator between two digits stays in the key of a claim's number: 12-3 and 1-23 are two claims.

UPDATE charge SET number_key = coalesce(
    nullif(ltrim(trim(regexp_replace(regexp_replace(regexp_replace(lower(claim_number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), '0-'), ''),
    nullif(trim(regexp_replace(regexp_replace(regexp_replace(lower(claim_number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), ''),
    trim(claim_number))
WHERE regexp_replace(claim_number, '[0-9][^0-9A-Za-z]+[0-9]', '') <> claim_number;

UPDATE earlier_claim SET number_key = coalesce(
    nullif(ltrim(trim(regexp_replace(regexp_replace(regexp_replace(lower(claim_number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), '0-'), ''),
    nullif(trim(regexp_replace(regexp_replace(regexp_replace(lower(claim_number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), ''),
    trim(claim_number))
WHERE regexp_replace(claim_number, '[0-9][^0-9A-Za-z]+[0-9]', '') <> claim_number;

UPDATE charge_number SET number_key = coalesce(
    nullif(ltrim(trim(regexp_replace(regexp_replace(regexp_replace(lower(number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), '0-'), ''),
    nullif(trim(regexp_replace(regexp_replace(regexp_replace(lower(number), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), ''),
    trim(number))
WHERE regexp_replace(number, '[0-9][^0-9A-Za-z]+[0-9]', '') <> number;

UPDATE task_claim SET number_key = coalesce(
    nullif(ltrim(trim(regexp_replace(regexp_replace(regexp_replace(lower(coalesce(claim_numbers[1], payer_numbers[1], trace_numbers[1])), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), '0-'), ''),
    nullif(trim(regexp_replace(regexp_replace(regexp_replace(lower(coalesce(claim_numbers[1], payer_numbers[1], trace_numbers[1])), '[^0-9a-z]+', '-', 'g'), '-([a-z])', '\1', 'g'), '([a-z])-', '\1', 'g'), '-'), ''),
    trim(coalesce(claim_numbers[1], payer_numbers[1], trace_numbers[1])))
WHERE regexp_replace(coalesce(claim_numbers[1], payer_numbers[1], trace_numbers[1]), '[0-9][^0-9A-Za-z]+[0-9]', '') <> coalesce(claim_numbers[1], payer_numbers[1], trace_numbers[1]);
