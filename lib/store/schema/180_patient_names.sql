-- What a claim says of its patient's name beside the last and the first: middle name and suffix (NM105,
-- NM107), as "ALAN JR". NULL: the claim came in before this was kept.
ALTER TABLE charge ADD COLUMN patient_more VARCHAR;
ALTER TABLE earlier_claim ADD COLUMN patient_more VARCHAR;
