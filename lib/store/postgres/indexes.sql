-- What one row is found by: without these PostgreSQL reads a table to its end.
CREATE INDEX IF NOT EXISTS task_of_practice ON task (practice_id, is_open);
-- All that the list and the menu's counts ask of pending tasks, so that no row of a task has to be read.
CREATE INDEX IF NOT EXISTS task_pending ON task (practice_id, due_on, id)
    INCLUDE (amount, type, status, assignee_id, turn, is_answered) WHERE is_open;
CREATE INDEX IF NOT EXISTS task_of_charge ON task (charge_id);
CREATE INDEX IF NOT EXISTS task_by_request ON task (practice_id, request_key);
CREATE INDEX IF NOT EXISTS task_claim_of_task ON task_claim (task_id);
CREATE INDEX IF NOT EXISTS task_answer_of_task ON task_answer (task_id);
CREATE INDEX IF NOT EXISTS task_answer_by_key ON task_answer (practice_id, answer_key);
CREATE INDEX IF NOT EXISTS request_state_of_task ON request_state (task_id);
CREATE INDEX IF NOT EXISTS charge_choice_of_task ON charge_choice (task_id);
CREATE INDEX IF NOT EXISTS event_by_id ON event (id);
CREATE INDEX IF NOT EXISTS event_of_task ON event (task_id);
CREATE INDEX IF NOT EXISTS event_of_charge ON event (charge_id);
CREATE INDEX IF NOT EXISTS event_of_document ON event (document_id);
CREATE INDEX IF NOT EXISTS event_of_practice ON event (practice_id, id);
CREATE INDEX IF NOT EXISTS note_of_task ON note (task_id);
CREATE INDEX IF NOT EXISTS attachment_of_document ON attachment (document_id);
CREATE INDEX IF NOT EXISTS document_of_practice ON document (practice_id);
CREATE INDEX IF NOT EXISTS charge_by_number ON charge (practice_id, number_key);
CREATE INDEX IF NOT EXISTS charge_by_fingerprint ON charge (practice_id, fingerprint);
CREATE INDEX IF NOT EXISTS charge_of_file ON charge (intake_file_id, segment_number);
CREATE INDEX IF NOT EXISTS charge_number_of_charge ON charge_number (charge_id);
CREATE INDEX IF NOT EXISTS charge_number_by_key ON charge_number (practice_id, number_key);
CREATE INDEX IF NOT EXISTS earlier_claim_of_charge ON earlier_claim (charge_id);
CREATE INDEX IF NOT EXISTS charge_arrival_of_charge ON charge_arrival (charge_id);
CREATE INDEX IF NOT EXISTS service_line_of_charge ON service_line (charge_id);
CREATE INDEX IF NOT EXISTS patient_by_name ON patient (practice_id, last_name);
CREATE INDEX IF NOT EXISTS claim_answer_of_charge ON claim_answer (charge_id);
CREATE INDEX IF NOT EXISTS claim_answer_by_number ON claim_answer (practice_id, number_key);
CREATE INDEX IF NOT EXISTS good_news_by_number ON good_news (practice_id, number_key);
CREATE INDEX IF NOT EXISTS good_news_of_charge ON good_news (charge_id);
CREATE INDEX IF NOT EXISTS good_news_by_key ON good_news (practice_id, answer_key);
CREATE INDEX IF NOT EXISTS intake_message_of_file ON intake_message (intake_file_id);
CREATE INDEX IF NOT EXISTS spelling_by_text ON spelling (text);
CREATE UNIQUE INDEX IF NOT EXISTS activity_by_id ON activity (id);
CREATE INDEX IF NOT EXISTS activity_by_last_event ON activity (last_event_id);
