-- The biller's answer waits for the practice: since it was given, nobody there has acted on the task.
ALTER TABLE task ADD COLUMN is_answered BOOLEAN DEFAULT false;

UPDATE task SET is_answered = true
WHERE is_open AND turn = 'practice' AND id IN (
    SELECT task_id FROM event WHERE task_id IS NOT NULL
    GROUP BY task_id HAVING arg_max(kind, id) = 'answered'
);
