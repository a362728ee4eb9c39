INSERT INTO event (id, practice_id, task_id, charge_id, kind, field, old_value, new_value,
    actor_id, happened_at, assignee_id, resolution)
WITH story AS (
    SELECT id, 1 AS step, 'created' AS kind, NULL AS field, NULL AS before, NULL AS after,
           CASE WHEN codes = '' THEN $biller_id END AS actor_id, created_at AS happened_at
    FROM drawn
    UNION ALL
    SELECT id, 2, 'assigned', 'Assignee', NULL, worker_name,
           CASE WHEN chance(id, 38) < 0.5 THEN $manager_id ELSE worker_id END, assigned_at
    FROM drawn WHERE assigned_at IS NOT NULL
    UNION ALL
    SELECT id, 3, 'started', 'Status', 'Open', 'In progress', worker_id, started_at
    FROM drawn WHERE started_at IS NOT NULL
    UNION ALL
    SELECT id, 4, 'asked', NULL, NULL, NULL, worker_id, started_at + INTERVAL 2 MINUTES
    FROM drawn WHERE has_question
    UNION ALL
    SELECT id, 5, 'answered', NULL, NULL, NULL, $biller_id, started_at + INTERVAL 4 MINUTES
    FROM drawn WHERE has_question AND status = 'completed'
    UNION ALL
    SELECT id, 6, 'completed', 'Status', 'In progress', 'Completed', worker_id,
           part_of(started_at, completed_at, 0.9)
    FROM drawn WHERE came_back
    UNION ALL
    SELECT id, 7, 'reopened', 'Status', 'Completed', 'In progress', $biller_id,
           part_of(started_at, completed_at, 0.95)
    FROM drawn WHERE came_back
    UNION ALL
    SELECT id, 8, 'noted to the biller', NULL, NULL, NULL, worker_id, completed_at
    FROM drawn WHERE has_note
    UNION ALL
    SELECT id, 9, 'completed', 'Status', 'In progress', 'Completed', worker_id, completed_at
    FROM drawn WHERE status = 'completed'
)
SELECT $before + row_number() OVER (ORDER BY id, step), $practice_id, id, NULL, kind, field,
       before, after, actor_id, happened_at, CASE WHEN step > 1 THEN worker_id END,
       CASE WHEN kind = 'completed' THEN
           CASE WHEN document_label IS NOT NULL THEN 'document_sent' ELSE 'corrected' END END
FROM story JOIN (SELECT id AS of, worker_id, document_label FROM drawn) AS about ON about.of = story.id
ORDER BY id, step
