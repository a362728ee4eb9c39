-- A task type is a member of TaskType (lib/models.py) and nothing else: the CHECK that listed them
-- again goes in the step of this name (lib/store/schema_steps.py), which DuckDB cannot alter.
-- Providers were written and never read: a charge and a task carry the names they show.
DROP TABLE provider;
DROP SEQUENCE provider_id;
