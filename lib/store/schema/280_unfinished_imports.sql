-- Files whose import has begun and has not ended. What is here of a process that is gone ended with it.
CREATE TABLE unfinished_import (
    id VARCHAR PRIMARY KEY,
    process VARCHAR NOT NULL,            -- which process imports it
    practice_id BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    began_at TIMESTAMP NOT NULL,
    begun_by BIGINT                      -- NULL for the command line and a watched folder
);
