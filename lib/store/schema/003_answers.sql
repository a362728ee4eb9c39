-- Numbers of the interchanges we write (ISA13): no two files carry the same one.
CREATE SEQUENCE interchange_id MAXVALUE 999999999 CYCLE;
