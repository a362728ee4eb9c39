-- When a person is away, both days included, for those who would give them a task.
ALTER TABLE person ADD COLUMN away_from DATE;
ALTER TABLE person ADD COLUMN away_until DATE;
