-- Chance: the hash of an id and a salt. Lists to draw from, numbered from 0; what carries a
-- weight stands in its list as often as it weighs.
CREATE OR REPLACE TEMP MACRO chance(id, salt) AS (hash(id * 64 + salt) % 1000000) / 1e6;
CREATE OR REPLACE TEMP MACRO pick(id, salt, n) AS (hash(id * 64 + salt) % n)::BIGINT;
CREATE OR REPLACE TEMP MACRO workday(t) AS
    t + to_days(CASE dayofweek(t) WHEN 6 THEN 2 WHEN 0 THEN 1 ELSE 0 END);
CREATE OR REPLACE TEMP MACRO part_of(since, until, part) AS
    since + to_seconds(floor((epoch(until) - epoch(since)) * part));

CREATE OR REPLACE TEMP TABLE payer_slot (slot BIGINT, payer_id BIGINT, name VARCHAR);
CREATE OR REPLACE TEMP TABLE provider_slot (slot BIGINT, npi VARCHAR, name VARCHAR);
CREATE OR REPLACE TEMP TABLE last_name_slot (slot BIGINT, name VARCHAR);
CREATE OR REPLACE TEMP TABLE first_name_slot (slot BIGINT, name VARCHAR, sex VARCHAR);
CREATE OR REPLACE TEMP TABLE fee_slot
    (slot BIGINT, code VARCHAR, charge DECIMAL(12,2), modifiers VARCHAR[]);
CREATE OR REPLACE TEMP TABLE diagnosis_slot (slot BIGINT, codes VARCHAR[]);
CREATE OR REPLACE TEMP TABLE request_slot (slot BIGINT, type VARCHAR, title VARCHAR,
    instructions VARCHAR, document_label VARCHAR, codes VARCHAR);
CREATE OR REPLACE TEMP TABLE talk (type VARCHAR, question VARCHAR, answer VARCHAR, note VARCHAR);
CREATE OR REPLACE TEMP TABLE worker_slot (slot BIGINT, person_id BIGINT, name VARCHAR);
