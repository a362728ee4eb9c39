INSERT INTO service_line (id, practice_id, charge_id, position, date_from, date_to, procedure,
    modifiers, pointers, units, unit_charge, total)
SELECT $before + row_number() OVER (ORDER BY drawn.id, drawn_line.position), $practice_id,
       drawn.id, drawn_line.position, drawn.date_of_service, drawn.date_of_service,
       drawn_line.code, drawn_line.modifiers, [1], drawn_line.units, drawn_line.charge,
       drawn_line.charge * drawn_line.units
FROM drawn_line JOIN drawn ON drawn.id = drawn_line.id
ORDER BY drawn.id, drawn_line.position
