-- mappings/event.yaml as SQL, made by python -m tests.integration.mapping.golden.
select
    'event' as mapping,
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
        'ActivityDateTime', to_jsonb(to_char(sent."ActivityDateTime" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
        'DurationInMinutes', to_jsonb(case when abs(sent."DurationInMinutes") < 'Infinity' then trim_scale(sent."DurationInMinutes") end),
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
                'field', 'Subject', 'column', 'activities.subject',
                'sentence', format(
                    'activities.subject has %s characters; Event.Subject takes 255 and is cut.',
                    to_char(
                        char_length(sent."Subject") + regexp_count(sent."Subject", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Subject')
            )
        end,
        case
            when sent."ActivityDateTime" < '1700-01-01 00:00Z' or sent."ActivityDateTime" >= '4001-01-01 00:00Z'
            then jsonb_build_object(
                'code', 'DATE_OUT_OF_RANGE', 'severity', 'error',
                'field', 'ActivityDateTime', 'column', 'activities.occurred_at',
                'sentence', 'activities.occurred_at lies outside the years 1700 to 4000 that Salesforce takes.',
                'mend', 'Correct activities.occurred_at.',
                'sent', case when isfinite(sent."ActivityDateTime") then jsonb_build_array('ActivityDateTime') end
            )
        end,
        case
            when nullif(btrim(value."DurationInMinutes"::text, E' \t\n\x0B\f\r'), '') is null
            then jsonb_build_object(
                'code', 'DEFAULT_SENT', 'severity', 'note',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes is empty; 60 is sent, as event.yaml says.',
                'mend', ''
            )
        end,
        case
            when abs(sent."DurationInMinutes") >= 1e8
            then jsonb_build_object(
                'code', 'NUMBER_OUTSIDE_VALID_RANGE', 'severity', 'error',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes is too large, or no number; Event.DurationInMinutes takes 8 digits before the point.',
                'mend', 'Correct activities.duration_minutes.',
                'sent', case when abs(sent."DurationInMinutes") < 'Infinity' then jsonb_build_array('DurationInMinutes') end
            )
        end,
        case
            when scale(trim_scale(sent."DurationInMinutes")) > 0
            then jsonb_build_object(
                'code', 'NUMBER_OUTSIDE_VALID_RANGE', 'severity', 'error',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes has decimals, and Event.DurationInMinutes takes whole numbers.',
                'mend', 'Round activities.duration_minutes, or round in the mapping''s sql.',
                'sent', jsonb_build_array('DurationInMinutes')
            )
        end,
        case
            when octet_length(sent."Description") > 32000
                and char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') > 32000
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Description', 'column', 'activities.notes',
                'sentence', format(
                    'activities.notes has %s characters; Event.Description takes 32,000 and is cut.',
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
        end,
        case
            when num_nonnulls(sent."ActivityDateTime"::text) = 0
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'ActivityDateTime', 'column', 'activities.occurred_at',
                'sentence', 'An event needs a start, and activities.occurred_at is empty.',
                'mend', 'Fill it, or map ActivityDateTime in event.yaml.',
                'sent', jsonb_build_array('ActivityDateTime', 'IsAllDayEvent')
            )
        end,
        case
            when sent."DurationInMinutes" < 0
            then jsonb_build_object(
                'code', 'FIELD_INTEGRITY_EXCEPTION', 'severity', 'error',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes makes the event end before it begins.',
                'mend', 'Correct activities.duration_minutes.',
                'sent', jsonb_build_array('DurationInMinutes')
            )
        end,
        case
            when sent."DurationInMinutes" between 1441 and 20160
            then jsonb_build_object(
                'code', 'EVENT_LONGER_THAN_A_DAY', 'severity', 'note',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes makes it longer than a day; Salesforce takes that only with multiday events enabled.',
                'mend', 'Shorten activities.duration_minutes, or enable multiday events (Setup, Activity Settings).',
                'sent', jsonb_build_array('DurationInMinutes')
            )
        end,
        case
            when sent."DurationInMinutes" > 20160
            then jsonb_build_object(
                'code', 'FIELD_INTEGRITY_EXCEPTION', 'severity', 'error',
                'field', 'DurationInMinutes', 'column', 'activities.duration_minutes',
                'sentence', 'activities.duration_minutes makes it longer than 14 days, which no event is in Salesforce.',
                'mend', 'Shorten activities.duration_minutes, or make several events of it.',
                'sent', jsonb_build_array('DurationInMinutes')
            )
        end
    ]::jsonb[], null)) as problems
from public."activities" as source
left join public."leads" as "lead" on "lead"."id" = source."lead_id"
cross join lateral (
    select
        "subject" as "label",
        "subject" as "Subject",
        "occurred_at" as "ActivityDateTime",
        "duration_minutes" as "DurationInMinutes",
        "notes" as "Description",
        (case when lead.converted_account_id is null then lead_id end) as "WhoId.0",
        (coalesce(account_id, lead.converted_account_id)) as "WhatId.0",
        "project_id" as "WhatId.1"
    from (select source.*) as "activities"
    where (activity_type = 'meeting')
) as value
cross join lateral (
    select
        nullif(btrim(value."Subject"::text, E' \t\n\x0B\f\r'), '') as "Subject",
        value."ActivityDateTime"::timestamptz as "ActivityDateTime",
        coalesce(value."DurationInMinutes"::numeric, 60) as "DurationInMinutes",
        nullif(btrim(value."Description"::text, E' \t\n\x0B\f\r'), '') as "Description"
) as sent
