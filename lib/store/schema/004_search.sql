-- The search reads the names themselves: DuckDB looks at each different name once. Only claim numbers
-- are all different; words without digits are looked for in their shape (lib/search.py).
ALTER TABLE task ADD COLUMN claim_shape VARCHAR;
UPDATE task SET claim_shape = regexp_replace(lower(claim_number), '[0-9]+', '#', 'g');
ALTER TABLE task DROP COLUMN search_text;
