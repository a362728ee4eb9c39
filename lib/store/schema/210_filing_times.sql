-- When a claim was written by its sender (BHT04, BHT05), ISO 8601. NULL: it does not say, or the claim
-- came in before this was kept.
ALTER TABLE charge ADD COLUMN filed_at VARCHAR;
ALTER TABLE charge_arrival ADD COLUMN filed_at VARCHAR;
