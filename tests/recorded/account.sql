-- The short life of two accounts, step by step.
-- `python -m tools.record` records the sync after each step; what a step refuses, the org refuses as
-- a validation rule would.

-- step: create
-- refuse: {"when": {"object": "Account", "external_id": "a0000000-0000-4000-8000-000000000002"},
-- refuse: "then": {"row_error": {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Industry?", "fields": ["Industry"]}}}
insert into accounts (id, company_name, industry, website, phone, billing_street, billing_city,
    billing_postal_code, billing_country, created_at) values
('a0000000-0000-4000-8000-000000000001', 'Südhang & Söhne', 'Energy', 'https://suedhang.example.com', '+49 30 23125 001',
    E'Am Hang 7\nHof 2', 'Meppen', '01234', 'Germany', '2026-01-02 03:04:05+00'),
('a0000000-0000-4000-8000-000000000002', 'No industry, no account', null, null, null, null, null, null, null,
    '2026-01-02 03:04:05+00');

-- step: mend what was refused
update accounts set industry = 'Banking' where id = 'a0000000-0000-4000-8000-000000000002';

-- step: update one field
update accounts set company_name = 'Südhang' where id = 'a0000000-0000-4000-8000-000000000001';

-- step: clear
update accounts set phone = null, website = null where id = 'a0000000-0000-4000-8000-000000000001';

-- step: nothing changed
update accounts set phone = null where id = 'a0000000-0000-4000-8000-000000000001';

-- step: delete
delete from accounts where id = 'a0000000-0000-4000-8000-000000000002';
