-- A role is a member of Role (lib/models.py) and nothing else: the CHECK that listed them again goes in
-- the step of this name (lib/store/schema_steps.py), which DuckDB cannot alter.
SELECT 1;
