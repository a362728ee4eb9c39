-- When a task was first started, by its history: the first line of a start that nobody undid, else its
-- first completion. A start undone in the moment of a completion, or of another start, could count or be
-- lost, and 270 took the earliest times, where a clock that steps back makes them another's.
WITH story AS (
    SELECT task_id, id, kind, lead(kind) OVER (PARTITION BY task_id ORDER BY id) AS next_kind
    FROM event
    WHERE kind IN ('started', 'start undone', 'completed', 'reopened')
      AND task_id IN (SELECT task_id FROM event WHERE kind = 'reopened')
),
told AS (
    SELECT id, kind,
           coalesce(
               min(CASE WHEN kind = 'started' AND next_kind IS DISTINCT FROM 'start undone' THEN id END)
                   OVER until_then,
               min(CASE WHEN kind = 'completed' THEN id END) OVER until_then) AS start_id
    FROM story
    WINDOW until_then AS (PARTITION BY task_id ORDER BY id ROWS UNBOUNDED PRECEDING)
)
UPDATE reopened_completion SET started_at = start.happened_at
FROM told JOIN event AS start ON start.id = told.start_id
WHERE told.kind = 'completed' AND told.id = reopened_completion.completion_id
  AND start.happened_at <> reopened_completion.started_at;

-- An open task that only completions started stands as not started.
WITH story AS (
    SELECT task_id, id, kind, lead(kind) OVER (PARTITION BY task_id ORDER BY id) AS next_kind
    FROM event
    WHERE kind IN ('started', 'start undone', 'completed', 'reopened')
      AND task_id IN (SELECT task_id FROM event WHERE kind IN ('start undone', 'reopened'))
),
told AS (
    SELECT task_id, min(CASE WHEN kind = 'completed' THEN id END) AS completion_id,
           min(CASE WHEN kind = 'started' AND next_kind IS DISTINCT FROM 'start undone' THEN id END)
               AS start_id
    FROM story GROUP BY task_id
),
dated AS (
    SELECT task.id, start.happened_at
    FROM told JOIN task ON task.id = told.task_id
    LEFT JOIN event AS start
        ON start.id = CASE WHEN task.is_open THEN start_id ELSE coalesce(start_id, completion_id) END
)
UPDATE task SET started_at = dated.happened_at
FROM dated
WHERE dated.id = task.id AND dated.happened_at IS DISTINCT FROM task.started_at;
