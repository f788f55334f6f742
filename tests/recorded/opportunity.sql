-- The short life of two projects of one account, step by step.
-- `python -m tools.record` records the sync after each step; what a step refuses, the org refuses as
-- a validation rule would.

-- step: create beside its parent
insert into accounts (id, company_name, industry, website, phone, billing_street, billing_city,
    billing_postal_code, billing_country, created_at) values
('a0000000-0000-4000-8000-000000000001', 'Südhang & Söhne', 'Energy', 'https://suedhang.example.com', '+49 30 23125 001',
    E'Am Hang 7\nHof 2', 'Meppen', '01234', 'Germany', '2026-01-02 03:04:05+00'),
('a0000000-0000-4000-8000-000000000002', 'No industry, no account', null, null, null, null, null, null, null,
    '2026-01-02 03:04:05+00');
insert into projects (id, account_id, project_name, description, project_status, start_date,
    end_date, contract_value, created_at) values
('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'Storage', 'Plan it.', 'proposed', '2026-02-01', '2026-06-30', 8280,
    '2026-01-02 03:04:05+00'),
('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'Audit', null, 'active', null, null, null,
    '2026-01-02 03:04:05+00');

-- step: refused
-- refuse: {"when": {"object": "Opportunity"},
-- refuse: "then": {"row_error": {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Too little.", "fields": ["Amount"]}}}
update projects set contract_value = 1 where id = 'c0000000-0000-4000-8000-000000000001';

-- step: update one field
update projects set contract_value = 9999.5 where id = 'c0000000-0000-4000-8000-000000000001';

-- step: clear
update projects set description = null where id = 'c0000000-0000-4000-8000-000000000001';

-- step: another parent
update projects set account_id = 'a0000000-0000-4000-8000-000000000002' where id = 'c0000000-0000-4000-8000-000000000001';

-- step: delete
delete from projects where id = 'c0000000-0000-4000-8000-000000000001';
