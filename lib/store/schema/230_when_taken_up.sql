-- When a task came in here, and when somebody first assigned it, started it or asked about it: both
-- stand in its history, and its row says them without reading that.
ALTER TABLE task ADD COLUMN came_at TIMESTAMP;
ALTER TABLE task ADD COLUMN taken_up_at TIMESTAMP;   -- NULL: nobody has yet

UPDATE task SET came_at = created_at;
UPDATE task SET came_at = told.came_at, taken_up_at = told.taken_up_at
FROM (
    SELECT task_id, coalesce(min(CASE WHEN kind = 'created' THEN happened_at END), min(happened_at))
               AS came_at,
           min(CASE WHEN kind <> 'created' THEN happened_at END) AS taken_up_at
    FROM event
    WHERE kind IN ('created', 'started', 'asked')
       OR (kind = 'assigned' AND actor_id IS NOT NULL)
    GROUP BY task_id
) AS told
WHERE told.task_id = task.id;
