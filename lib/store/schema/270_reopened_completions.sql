-- Completions that a reopening ended. A task's row tells of the completion that stands; with these it
-- tells of every one, so that nothing has to look for reopened tasks in all of history.
CREATE TABLE reopened_completion (
    practice_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    completion_id BIGINT,                      -- its line of history
    started_at TIMESTAMP NOT NULL,             -- first start before it; its own time where there is none
    completed_at TIMESTAMP NOT NULL,
    completed_by BIGINT,
    resolution VARCHAR,
    reopened_at TIMESTAMP NOT NULL
);

INSERT INTO reopened_completion (practice_id, task_id, completion_id, started_at, completed_at,
                                 completed_by, resolution, reopened_at)
WITH told AS (
    SELECT practice_id, task_id, id, kind, happened_at, assignee_id, resolution,
           lead(kind) OVER story AS next_kind
    FROM event
    WHERE kind IN ('started', 'start undone', 'completed', 'reopened')
      AND task_id IN (SELECT task_id FROM event WHERE kind = 'reopened')
    WINDOW story AS (PARTITION BY task_id ORDER BY id)
),
dated AS (
    SELECT practice_id, task_id, id, kind, happened_at, assignee_id, resolution,
           min(CASE WHEN kind = 'started' AND next_kind IS DISTINCT FROM 'start undone'
               THEN happened_at END) OVER until_then AS started_at,
           min(CASE WHEN kind = 'completed' THEN happened_at END) OVER until_then
               AS first_completed_at
    FROM told
    WINDOW until_then AS (PARTITION BY task_id ORDER BY id ROWS UNBOUNDED PRECEDING)
),
paired AS (
    SELECT practice_id, task_id, id, kind, happened_at, assignee_id, resolution,
           coalesce(started_at, first_completed_at) AS started_at,
           lead(kind) OVER story AS next_kind,
           lead(happened_at) OVER story AS next_at
    FROM dated
    WHERE kind IN ('completed', 'reopened')
    WINDOW story AS (PARTITION BY task_id ORDER BY id)
)
SELECT practice_id, task_id, id, started_at, happened_at, assignee_id, resolution, next_at
FROM paired
WHERE kind = 'completed' AND next_kind = 'reopened'
ORDER BY id;

-- What nobody started before its first completion is started by that, once it is completed again.
UPDATE task SET started_at = CASE WHEN task.is_open THEN told.started_at
                                  ELSE coalesce(told.started_at, told.completed_at) END
FROM (
    SELECT task_id,
           min(CASE WHEN kind = 'started' AND next_kind IS DISTINCT FROM 'start undone'
               THEN happened_at END) AS started_at,
           min(CASE WHEN kind = 'completed' THEN happened_at END) AS completed_at
    FROM (
        SELECT task_id, kind, happened_at,
               lead(kind) OVER (PARTITION BY task_id ORDER BY id) AS next_kind
        FROM event
        WHERE kind IN ('started', 'start undone', 'completed', 'reopened')
          AND task_id IN (SELECT task_id FROM event WHERE kind = 'reopened')
    ) AS story
    GROUP BY task_id
) AS told
WHERE told.task_id = task.id;
