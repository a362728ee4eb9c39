-- One to four service lines of each claim of this batch.
CREATE OR REPLACE TEMP TABLE drawn_line AS
WITH line AS (
    SELECT claim.id, place.position,
           -- a column, not a join condition: a subquery there makes the join a nested loop
           pick(claim.id, 3 + place.position, (SELECT count(*) FROM fee_slot)) AS fee
    FROM range($first, $last + 1) AS claim (id)
    CROSS JOIN range(1, 5) AS place (position)
    WHERE place.position <= 1 + pick(claim.id, 3, 4)
)
SELECT line.id, line.position, fee_slot.code, fee_slot.modifiers, fee_slot.charge,
       CASE WHEN chance(line.id, 8 + line.position) < 0.1 THEN 2 ELSE 1 END AS units
FROM line JOIN fee_slot ON fee_slot.slot = line.fee
