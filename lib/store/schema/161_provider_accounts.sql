-- Which account of an OpenID provider somebody signs in with: kept from the first time on, so that
-- whoever gets their e-mail address at the provider later does not get their account here.
CREATE TABLE provider_account (
    issuer VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,            -- the provider's own name for the account, never given again
    person_id BIGINT NOT NULL,
    linked_at TIMESTAMP NOT NULL,
    PRIMARY KEY (issuer, subject)
);

-- How a session was opened; NULL before this was kept, which counts as a password.
ALTER TABLE session ADD COLUMN opened_by VARCHAR;
