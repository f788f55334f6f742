-- mappings/task.yaml as SQL, made by python -m tests.integration.mapping.golden.
select
    'task' as mapping,
    source."id"::text as key,
    value.label::text as label,
    jsonb_build_object(
        'Subject', to_jsonb(
            case when octet_length(sent."Subject") <= 255 then sent."Subject"
            when char_length(sent."Subject") + regexp_count(sent."Subject", '[\U00010000-\U0010FFFF]') <= 255 then sent."Subject"
            else rtrim(regexp_replace(left(regexp_replace(
                sent."Subject", '([\U00010000-\U0010FFFF])', E'\x01\\1', 'g'), 255),
                '\x01(?=[\U00010000-\U0010FFFF]|$)', '', 'g'),
                E' \t\n\x0B\f\r') end),
        'Status', to_jsonb(sent."Status"),
        'ActivityDate', to_jsonb(sent."ActivityDate"),
        'Description', to_jsonb(
            case when octet_length(sent."Description") <= 32000 then sent."Description"
            when char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') <= 32000 then sent."Description"
            else rtrim(regexp_replace(left(regexp_replace(
                sent."Description", '([\U00010000-\U0010FFFF])', E'\x01\\1', 'g'), 32000),
                '\x01(?=[\U00010000-\U0010FFFF]|$)', '', 'g'),
                E' \t\n\x0B\f\r') end)
    ) as payload,
    jsonb_build_array(
        jsonb_build_object(
            'field', 'WhoId', 'required', false, 'mapping', 'lead',
            'column', null, 'key', value."WhoId.0"::text
        ),
        case
            when value."WhatId.0" is not null then jsonb_build_object(
                'field', 'WhatId', 'required', false, 'mapping', 'account',
                'column', null, 'key', value."WhatId.0"::text
            )
            when value."WhatId.1" is not null then jsonb_build_object(
                'field', 'WhatId', 'required', false, 'mapping', 'opportunity',
                'column', 'activities.project_id', 'key', value."WhatId.1"::text
            )
            else jsonb_build_object(
                'field', 'WhatId', 'required', false, 'mapping', 'account',
                'column', null, 'key', value."WhatId.0"::text
            )
        end
    ) as lookups,
    to_jsonb(array_remove(array[
        case
            when octet_length(sent."Subject") > 255
                and char_length(sent."Subject") + regexp_count(sent."Subject", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Subject', 'column', 'activities.activity_type, activities.subject',
                'sentence', format(
                    'The SQL of Subject has %s characters; Task.Subject takes 255 and is cut.',
                    to_char(
                        char_length(sent."Subject") + regexp_count(sent."Subject", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Subject')
            )
        end,
        case
            when lower(sent."Status") not in ('not started', 'in progress', 'completed', 'waiting on someone else', 'deferred')
            then jsonb_build_object(
                'code', 'UNLISTED_PICKLIST_VALUE', 'severity', 'note',
                'field', 'Status', 'column', 'activities.completed',
                'sentence', 'Task.Status does not list the value that the SQL of Status gives; Salesforce takes it.',
                'mend', 'Use one of the org''s values, or map it with values in task.yaml.',
                'sent', jsonb_build_array('Status')
            )
        end,
        case
            when octet_length(sent."Status") > 255
                and char_length(sent."Status") + regexp_count(sent."Status", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Status', 'column', 'activities.completed',
                'sentence', format(
                    'The SQL of Status has %s characters; Task.Status takes 255.',
                    to_char(
                        char_length(sent."Status") + regexp_count(sent."Status", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten activities.completed, or let task.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Status')
            )
        end,
        case
            when sent."ActivityDate" < '1700-01-01' or sent."ActivityDate" >= '4001-01-01'
            then jsonb_build_object(
                'code', 'DATE_OUT_OF_RANGE', 'severity', 'error',
                'field', 'ActivityDate', 'column', 'activities.due_date, activities.occurred_at',
                'sentence', 'The SQL of ActivityDate lies outside the years 1700 to 4000 that Salesforce takes.',
                'mend', 'Correct activities.due_date or activities.occurred_at.',
                'sent', case when isfinite(sent."ActivityDate") then jsonb_build_array('ActivityDate') end
            )
        end,
        case
            when octet_length(sent."Description") > 32000
                and char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') > 32000
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Description', 'column', 'activities.notes',
                'sentence', format(
                    'activities.notes has %s characters; Task.Description takes 32,000 and is cut.',
                    to_char(
                        char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Description')
            )
        end,
        case
            when num_nonnulls(value."WhatId.0"::text, value."WhatId.1"::text) > 1
            then jsonb_build_object(
                'code', 'AMBIGUOUS_LOOKUP', 'severity', 'error',
                'field', 'WhatId', 'column', 'activities.account_id, leads.converted_account_id, activities.project_id',
                'sentence', 'WhatId has more than one parent; a record takes one.',
                'mend', 'Keep one parent in activities.'
            )
        end
    ]::jsonb[], null)) as problems
from public."activities" as source
left join public."leads" as "lead" on "lead"."id" = source."lead_id"
cross join lateral (
    select
        "subject" as "label",
        (case when activity_type in ('call', 'email') and subject !~* ('^' || activity_type::text)
then initcap(activity_type::text) || ': ' else '' end || subject) as "Subject",
        (case when completed then 'Completed' else 'Not Started' end) as "Status",
        (coalesce(due_date, occurred_at::date)) as "ActivityDate",
        "notes" as "Description",
        (case when lead.converted_account_id is null then lead_id end) as "WhoId.0",
        (coalesce(account_id, lead.converted_account_id)) as "WhatId.0",
        "project_id" as "WhatId.1"
    from (select source.*) as "activities"
    where (activity_type <> 'meeting')
) as value
cross join lateral (
    select
        nullif(btrim(value."Subject"::text, E' \t\n\x0B\f\r'), '') as "Subject",
        nullif(btrim(value."Status"::text, E' \t\n\x0B\f\r'), '') as "Status",
        value."ActivityDate"::date as "ActivityDate",
        nullif(btrim(value."Description"::text, E' \t\n\x0B\f\r'), '') as "Description"
) as sent
