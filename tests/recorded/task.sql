-- Four activities that are tasks, with each kind of parent, step by step.
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
('d0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'call', 'First', null, '2026-03-04 05:06:07+00', null,
    '2026-03-09', false, '2026-01-02 03:04:05+00');
insert into activities (id, account_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'email', 'Second', null, '2026-03-04 05:06:07+00', null,
    null, true, '2026-01-02 03:04:05+00');
insert into activities (id, project_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000001', 'note', 'Third', E'One\nTwo', '2026-03-04 05:06:07+00', null,
    null, false, '2026-01-02 03:04:05+00');

-- step: create below parents that are there
insert into activities (id, project_id, activity_type, subject, notes, occurred_at,
    duration_minutes, due_date, completed, created_at) values
('d0000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000001', 'work', 'Fourth', null, '2026-03-04 05:06:07+00', null,
    null, false, '2026-01-02 03:04:05+00');

-- step: update one field
update activities set completed = true where id = 'd0000000-0000-4000-8000-000000000001';

-- step: clear
update activities set notes = null where id = 'd0000000-0000-4000-8000-000000000003';

-- step: a call becomes a meeting
update activities set activity_type = 'meeting', duration_minutes = 30 where id = 'd0000000-0000-4000-8000-000000000001';

-- step: delete
delete from activities where id = 'd0000000-0000-4000-8000-000000000002';
