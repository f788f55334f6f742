-- Three activities that are events, with each kind of parent, step by step.
-- `python -m tools.record` records the sync after each step; what a step refuses, the org refuses as
-- a validation rule would.

-- step: create beside each kind of parent
insert into accounts (id, company_name, industry, website, phone, billing_street, billing_city,
    billing_postal_code, billing_country, created_at) values
('a0000000-0000-4000-8000-000000000001', 'Südhang & Söhne', 'Energy', 'https://suedhang.example.com', '+49 30 23125 001',
    E'Am Hang 7\nHof 2', 'Meppen', '01234', 'Germany', '2026-01-02 03:04:05+00'),
('a0000000-0000-4000-8000-000000000002', 'No industry, no account', null, null, null, null, null, null, null,
    '2026-01-02 03:04:05+00');
insert into leads (id, company_name, first_name, last_name, email, lead_source, lead_status, notes,
    created_at) values
('b0000000-0000-4000-8000-000000000001', 'Nordwind "Nord" GmbH', 'Ada', null, 'ada@example.com', 'Web', 'new', 'Call: 50 % 🚀',
    '2026-01-02 03:04:05+00'),
('b0000000-0000-4000-8000-000000000002', 'Westwind', null, 'West', null, null, 'won', null, '2026-01-02 03:04:05+00');
insert into projects (id, account_id, project_name, description, project_status, start_date,
    end_date, contract_value, created_at) values
('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'Storage', 'Plan it.', 'proposed', '2026-02-01', '2026-06-30', 8280,
    '2026-01-02 03:04:05+00'),
('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'Audit', null, 'active', null, null, null,
    '2026-01-02 03:04:05+00');
insert into activities (id, lead_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000005', 'b0000000-0000-4000-8000-000000000001', 'meeting', 'Fifth', null, '2026-03-04 05:06:07+00', null,
    null, false, '2026-01-02 03:04:05+00');
insert into activities (id, account_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000006', 'a0000000-0000-4000-8000-000000000001', 'meeting', 'Sixth', null, '2026-03-04 05:06:07+00', 90,
    null, false, '2026-01-02 03:04:05+00');

-- step: refused
-- refuse: {"when": {"object": "Event", "external_id": "event:d0000000-0000-4000-8000-000000000007"},
-- refuse: "then": {"row_error": {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not on a Wednesday.", "fields": ["ActivityDateTime"]}}}
insert into activities (id, project_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000007', 'c0000000-0000-4000-8000-000000000001', 'meeting', 'Seventh', 'N', '2026-03-04 05:06:07+00', null,
    null, false, '2026-01-02 03:04:05+00');

-- step: update one field
update activities set duration_minutes = 45 where id = 'd0000000-0000-4000-8000-000000000006';

-- step: mend what was refused
update activities set occurred_at = '2026-03-05 08:00+00' where id = 'd0000000-0000-4000-8000-000000000007';

-- step: clear
update activities set notes = null where id = 'd0000000-0000-4000-8000-000000000007';

-- step: a meeting becomes a call
update activities set activity_type = 'call' where id = 'd0000000-0000-4000-8000-000000000006';

-- step: delete
delete from activities where id = 'd0000000-0000-4000-8000-000000000005';
