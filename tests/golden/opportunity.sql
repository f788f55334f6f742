-- mappings/opportunity.yaml as SQL, made by python -m tests.integration.mapping.golden.
select
    'opportunity' as mapping,
    source."id"::text as key,
    value.label::text as label,
    jsonb_build_object(
        'Name', to_jsonb(
            case when octet_length(sent."Name") <= 120 then sent."Name"
            when char_length(sent."Name") + regexp_count(sent."Name", '[\U00010000-\U0010FFFF]') <= 120 then sent."Name"
            else rtrim(regexp_replace(left(regexp_replace(
                sent."Name", '([\U00010000-\U0010FFFF])', E'\x01\\1', 'g'), 120),
                '\x01(?=[\U00010000-\U0010FFFF]|$)', '', 'g'),
                E' \t\n\x0B\f\r') end),
        'StageName', to_jsonb(sent."StageName"),
        'Amount', to_jsonb(case when abs(sent."Amount") < 'Infinity' then trim_scale(trunc(sent."Amount", 2)) end),
        'CloseDate', to_jsonb(sent."CloseDate"),
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
            'field', 'AccountId', 'required', true, 'mapping', 'account',
            'column', 'projects.account_id', 'key', value."AccountId.0"::text
        )
    ) as lookups,
    to_jsonb(array_remove(array[
        case
            when sent."Name" is null
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'Name', 'column', 'accounts.company_name, projects.project_name',
                'sentence', 'The SQL of Name is empty, and Opportunity.Name is required.',
                'mend', 'Fill accounts.company_name or projects.project_name, or give Name an if_null in opportunity.yaml.'
            )
        end,
        case
            when octet_length(sent."Name") > 120
                and char_length(sent."Name") + regexp_count(sent."Name", '[\U00010000-\U0010FFFF]') > 120
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Name', 'column', 'accounts.company_name, projects.project_name',
                'sentence', format(
                    'The SQL of Name has %s characters; Opportunity.Name takes 120 and is cut.',
                    to_char(
                        char_length(sent."Name") + regexp_count(sent."Name", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Name')
            )
        end,
        case
            when value."StageName"::text not in ('proposed', 'active', 'on_hold', 'completed', 'cancelled')
            then jsonb_build_object(
                'code', 'UNMAPPED_VALUE', 'severity', 'error',
                'field', 'StageName', 'column', 'projects.project_status',
                'sentence', 'projects.project_status holds a value that the value map of StageName does not list.',
                'mend', 'Add it to values of StageName in opportunity.yaml, or say otherwise: keep.'
            )
        end,
        case
            when sent."StageName" is null
                and (value."StageName"::text not in ('proposed', 'active', 'on_hold', 'completed', 'cancelled')) is not true
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'StageName', 'column', 'projects.project_status',
                'sentence', 'projects.project_status is empty, and Opportunity.StageName is required.',
                'mend', 'Fill projects.project_status, or give StageName an if_null in opportunity.yaml.'
            )
        end,
        case
            when octet_length(sent."StageName") > 255
                and char_length(sent."StageName") + regexp_count(sent."StageName", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'StageName', 'column', 'projects.project_status',
                'sentence', format(
                    'projects.project_status has %s characters; Opportunity.StageName takes 255.',
                    to_char(
                        char_length(sent."StageName") + regexp_count(sent."StageName", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten projects.project_status, or let opportunity.yaml say too_long: truncate.',
                'sent', jsonb_build_array('StageName')
            )
        end,
        case
            when case when abs(sent."Amount") < 1e300 then round(abs(sent."Amount"), 30)::float8 >= 1e16 else sent."Amount" is not null end
            then jsonb_build_object(
                'code', 'NUMBER_OUTSIDE_VALID_RANGE', 'severity', 'error',
                'field', 'Amount', 'column', 'projects.contract_value',
                'sentence', 'projects.contract_value is too large, or no number; Opportunity.Amount takes 16 digits before the point.',
                'mend', 'Correct projects.contract_value.',
                'sent', case when abs(sent."Amount") < 'Infinity' then jsonb_build_array('Amount') end
            )
        end,
        case
            when scale(trim_scale(sent."Amount")) > 2
            then jsonb_build_object(
                'code', 'DECIMALS_CUT', 'severity', 'note',
                'field', 'Amount', 'column', 'projects.contract_value',
                'sentence', 'projects.contract_value has more decimals than the 2 that Opportunity.Amount keeps; the others are cut off.',
                'mend', 'Round projects.contract_value, or round in the mapping''s sql.',
                'sent', jsonb_build_array('Amount')
            )
        end,
        case
            when sent."CloseDate" is null
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'CloseDate', 'column', 'projects.end_date, projects.start_date, projects.created_at',
                'sentence', 'The SQL of CloseDate is empty, and Opportunity.CloseDate is required.',
                'mend', 'Fill projects.end_date, projects.start_date or projects.created_at, or give CloseDate an if_null in opportunity.yaml.'
            )
        end,
        case
            when sent."CloseDate" < '1700-01-01' or sent."CloseDate" >= '4001-01-01'
            then jsonb_build_object(
                'code', 'DATE_OUT_OF_RANGE', 'severity', 'error',
                'field', 'CloseDate', 'column', 'projects.end_date, projects.start_date, projects.created_at',
                'sentence', 'The SQL of CloseDate lies outside the years 1700 to 4000 that Salesforce takes.',
                'mend', 'Correct projects.end_date, projects.start_date or projects.created_at.',
                'sent', case when isfinite(sent."CloseDate") then jsonb_build_array('CloseDate') end
            )
        end,
        case
            when octet_length(sent."Description") > 32000
                and char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') > 32000
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Description', 'column', 'projects.description',
                'sentence', format(
                    'projects.description has %s characters; Opportunity.Description takes 32,000 and is cut.',
                    to_char(
                        char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Description')
            )
        end
    ]::jsonb[], null)) as problems
from public."projects" as source
left join public."accounts" as "account" on "account"."id" = source."account_id"
cross join lateral (
    select
        "project_name" as "label",
        (account.company_name || ' – ' || project_name) as "Name",
        "project_status" as "StageName",
        "contract_value" as "Amount",
        (coalesce(end_date, start_date + 90, created_at::date + 90)) as "CloseDate",
        "description" as "Description",
        "account_id" as "AccountId.0"
    from (select source.*) as "projects"
) as value
cross join lateral (
    select
        nullif(btrim(value."Name"::text, E' \t\n\x0B\f\r'), '') as "Name",
        nullif(case value."StageName"::text
            when 'proposed' then 'Proposal/Price Quote'
            when 'active' then 'Closed Won'
            when 'on_hold' then 'Closed Won'
            when 'completed' then 'Closed Won'
            when 'cancelled' then 'Closed Lost'
        end, '') as "StageName",
        value."Amount"::numeric as "Amount",
        value."CloseDate"::date as "CloseDate",
        nullif(btrim(value."Description"::text, E' \t\n\x0B\f\r'), '') as "Description"
) as sent
