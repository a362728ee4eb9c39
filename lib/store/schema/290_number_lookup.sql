-- The key by which a claim's number is looked for has no separator any more, also none between two digits:
-- a sender may drop them. Which of the numbers found are the same, the matcher tells.

UPDATE charge SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';

UPDATE earlier_claim SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';

UPDATE charge_number SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';

UPDATE task_claim SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';

UPDATE claim_answer SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';

UPDATE good_news SET number_key = coalesce(
    nullif(ltrim(replace(number_key, '-', ''), '0'), ''), nullif(replace(number_key, '-', ''), ''), number_key)
WHERE number_key LIKE '%-%';
