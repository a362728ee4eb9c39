INSERT INTO patient (id, practice_id, last_name, first_name, birth_date, sex)
WITH person AS (
    SELECT id, pick(id, 1, (SELECT count(*) FROM last_name_slot)) AS last_name,
           pick(id, 2, (SELECT count(*) FROM first_name_slot)) AS first_name
    FROM range(1, $patients + 1) AS person (id)
)
SELECT person.id, $practice_id, last_name_slot.name, first_name_slot.name,
       DATE '1935-01-01' + pick(person.id, 3, 32000)::INTEGER, first_name_slot.sex
FROM person
JOIN last_name_slot ON last_name_slot.slot = person.last_name
JOIN first_name_slot ON first_name_slot.slot = person.first_name
ORDER BY person.id
