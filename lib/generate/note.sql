INSERT INTO note (id, practice_id, task_id, channel, text, author_id, written_at)
WITH written AS (
    SELECT id, type, 1 AS step, 'question' AS channel, worker_id AS author_id,
           started_at + INTERVAL 2 MINUTES AS written_at
    FROM drawn WHERE has_question
    UNION ALL
    SELECT id, type, 2, 'question', $biller_id, started_at + INTERVAL 4 MINUTES
    FROM drawn WHERE has_question AND status = 'completed'
    UNION ALL
    SELECT id, type, 3, 'to_biller', worker_id, completed_at FROM drawn WHERE has_note
)
SELECT $before + row_number() OVER (ORDER BY id, step), $practice_id, id, channel,
       CASE step WHEN 1 THEN talk.question WHEN 2 THEN talk.answer ELSE talk.note END,
       author_id, written_at
FROM written JOIN talk ON talk.type = written.type
ORDER BY id, step
