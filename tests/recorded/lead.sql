-- The short life of two leads, step by step.
-- `python -m tools.record` records the sync after each step; what a step refuses, the org refuses as
-- a validation rule would.

-- step: create
-- refuse: {"when": {"object": "Lead", "external_id": "b0000000-0000-4000-8000-000000000002"},
-- refuse: "then": {"row_error": {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Who?", "fields": ["FirstName"]}}}
insert into accounts (id, company_name, created_at) values
('a0000000-0000-4000-8000-000000000001', 'Nordwind', '2026-01-02 03:04:05+00');
insert into leads (id, company_name, first_name, last_name, email, lead_source, lead_status, notes,
    created_at) values
('b0000000-0000-4000-8000-000000000001', 'Nordwind "Nord" GmbH', 'Ada', null, 'ada@example.com', 'Web', 'new', 'Call: 50 % 🚀',
    '2026-01-02 03:04:05+00'),
('b0000000-0000-4000-8000-000000000002', 'Westwind', null, 'West', null, null, 'won', null, '2026-01-02 03:04:05+00');

-- step: update one field
update leads set lead_status = 'contacted' where id = 'b0000000-0000-4000-8000-000000000001';

-- step: a value that Salesforce does not tell apart
update leads set lead_status = 'qualified' where id = 'b0000000-0000-4000-8000-000000000001';

-- step: clear
update leads set email = null, notes = null where id = 'b0000000-0000-4000-8000-000000000001';

-- step: a lead that joins an account leaves the leads
update leads set lead_status = 'won' where id = 'b0000000-0000-4000-8000-000000000001';
select convert_lead('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001');
