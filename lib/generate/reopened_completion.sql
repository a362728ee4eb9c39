INSERT INTO reopened_completion (practice_id, task_id, completion_id, started_at, completed_at,
    completed_by, resolution, reopened_at)
SELECT practice_id, task_id, event.id, started_at, happened_at, assignee_id, resolution,
       part_of(started_at, completed_at, 0.95)
FROM event JOIN drawn ON drawn.id = task_id
WHERE came_back AND kind = 'completed' AND happened_at = part_of(started_at, completed_at, 0.9)
ORDER BY event.id
