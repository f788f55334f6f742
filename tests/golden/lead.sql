-- mappings/lead.yaml as SQL, made by python -m tests.integration.mapping.golden.
select
    'lead' as mapping,
    source."id"::text as key,
    value.label::text as label,
    jsonb_build_object(
        'Company', to_jsonb(sent."Company"),
        'LastName', to_jsonb(sent."LastName"),
        'FirstName', to_jsonb(sent."FirstName"),
        'Title', to_jsonb(sent."Title"),
        'Email', to_jsonb(sent."Email"),
        'Phone', to_jsonb(sent."Phone"),
        'Website', to_jsonb(sent."Website"),
        'Industry', to_jsonb(sent."Industry"),
        'LeadSource', to_jsonb(sent."LeadSource"),
        'Description', to_jsonb(
            case when octet_length(sent."Description") <= 32000 then sent."Description"
            when char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') <= 32000 then sent."Description"
            else rtrim(regexp_replace(left(regexp_replace(
                sent."Description", '([\U00010000-\U0010FFFF])', E'\x01\\1', 'g'), 32000),
                '\x01(?=[\U00010000-\U0010FFFF]|$)', '', 'g'),
                E' \t\n\x0B\f\r') end),
        'Status', to_jsonb(sent."Status")
    ) as payload,
    '[]'::jsonb as lookups,
    to_jsonb(array_remove(array[
        case
            when sent."Company" is null
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'Company', 'column', 'leads.company_name',
                'sentence', 'leads.company_name is empty, and Lead.Company is required.',
                'mend', 'Fill leads.company_name, or give Company an if_null in lead.yaml.'
            )
        end,
        case
            when octet_length(sent."Company") > 255
                and char_length(sent."Company") + regexp_count(sent."Company", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Company', 'column', 'leads.company_name',
                'sentence', format(
                    'leads.company_name has %s characters; Lead.Company takes 255.',
                    to_char(
                        char_length(sent."Company") + regexp_count(sent."Company", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.company_name, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Company')
            )
        end,
        case
            when sent."LastName" is null
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'LastName', 'column', 'leads.last_name',
                'sentence', 'leads.last_name is empty, and Lead.LastName is required.',
                'mend', 'Fill leads.last_name, or give LastName an if_null in lead.yaml.'
            )
        end,
        case
            when nullif(btrim(value."LastName"::text, E' \t\n\x0B\f\r'), '') is null
            then jsonb_build_object(
                'code', 'DEFAULT_SENT', 'severity', 'note',
                'field', 'LastName', 'column', 'leads.last_name',
                'sentence', 'leads.last_name is empty; ''[not provided]'' is sent, as lead.yaml says.',
                'mend', ''
            )
        end,
        case
            when octet_length(sent."LastName") > 80
                and char_length(sent."LastName") + regexp_count(sent."LastName", '[\U00010000-\U0010FFFF]') > 80
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'LastName', 'column', 'leads.last_name',
                'sentence', format(
                    'leads.last_name has %s characters; Lead.LastName takes 80.',
                    to_char(
                        char_length(sent."LastName") + regexp_count(sent."LastName", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.last_name, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('LastName')
            )
        end,
        case
            when octet_length(sent."FirstName") > 40
                and char_length(sent."FirstName") + regexp_count(sent."FirstName", '[\U00010000-\U0010FFFF]') > 40
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'FirstName', 'column', 'leads.first_name',
                'sentence', format(
                    'leads.first_name has %s characters; Lead.FirstName takes 40.',
                    to_char(
                        char_length(sent."FirstName") + regexp_count(sent."FirstName", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.first_name, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('FirstName')
            )
        end,
        case
            when octet_length(sent."Title") > 128
                and char_length(sent."Title") + regexp_count(sent."Title", '[\U00010000-\U0010FFFF]') > 128
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Title', 'column', 'leads.title',
                'sentence', format(
                    'leads.title has %s characters; Lead.Title takes 128.',
                    to_char(
                        char_length(sent."Title") + regexp_count(sent."Title", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.title, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Title')
            )
        end,
        case
            when octet_length(sent."Email") > 80
                and char_length(sent."Email") + regexp_count(sent."Email", '[\U00010000-\U0010FFFF]') > 80
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Email', 'column', 'leads.email',
                'sentence', format(
                    'leads.email has %s characters; Lead.Email takes 80.',
                    to_char(
                        char_length(sent."Email") + regexp_count(sent."Email", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.email, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Email')
            )
        end,
        case
            when sent."Email" !~ '^(?!\.)[^\x01- "(),:;<>@[\\\]\x7F]+@(?!\.)[^\x01-,/:-@[-`{-\x7F]+\.[^\x01-,./:-@[-`{-\x7F]+$'
                and (sent."Email" !~ '["(]' or sent."Email" !~ '^.+@.+$')
            then jsonb_build_object(
                'code', 'INVALID_EMAIL_ADDRESS', 'severity', 'error',
                'field', 'Email', 'column', 'leads.email',
                'sentence', 'leads.email is not an e-mail address.',
                'mend', 'Correct leads.email.',
                'sent', jsonb_build_array('Email')
            )
        end,
        case
            when sent."Email" ~ '["(\u0080-\u00BF\u2000-\u206F\u3000]|@.*([.-]\.|\.-|-$)|@-'
                and not (sent."Email" !~ '^(?!\.)[^\x01- "(),:;<>@[\\\]\x7F]+@(?!\.)[^\x01-,/:-@[-`{-\x7F]+\.[^\x01-,./:-@[-`{-\x7F]+$'
                and (sent."Email" !~ '["(]' or sent."Email" !~ '^.+@.+$'))
            then jsonb_build_object(
                'code', 'UNUSUAL_EMAIL_ADDRESS', 'severity', 'note',
                'field', 'Email', 'column', 'leads.email',
                'sentence', 'leads.email is an unusual e-mail address, which Salesforce may refuse.',
                'mend', 'Correct leads.email, unless the address is right.',
                'sent', jsonb_build_array('Email')
            )
        end,
        case
            when octet_length(sent."Phone") > 40
                and char_length(sent."Phone") + regexp_count(sent."Phone", '[\U00010000-\U0010FFFF]') > 40
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Phone', 'column', 'leads.phone',
                'sentence', format(
                    'leads.phone has %s characters; Lead.Phone takes 40.',
                    to_char(
                        char_length(sent."Phone") + regexp_count(sent."Phone", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.phone, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Phone')
            )
        end,
        case
            when octet_length(sent."Website") > 255
                and char_length(sent."Website") + regexp_count(sent."Website", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Website', 'column', 'leads.website',
                'sentence', format(
                    'leads.website has %s characters; Lead.Website takes 255.',
                    to_char(
                        char_length(sent."Website") + regexp_count(sent."Website", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.website, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Website')
            )
        end,
        case
            when sent."Website" !~ '^[^[:space:]]*[^[:space:].][.][^[:space:].][^[:space:]]*$'
            then jsonb_build_object(
                'code', 'UNUSUAL_WEB_ADDRESS', 'severity', 'note',
                'field', 'Website', 'column', 'leads.website',
                'sentence', 'leads.website does not look like a web address; Salesforce keeps it as it is.',
                'mend', 'Correct leads.website.',
                'sent', jsonb_build_array('Website')
            )
        end,
        case
            when lower(sent."Industry") not in ('agriculture', 'apparel', 'banking', 'biotechnology', 'chemicals', 'communications',
                    'construction', 'consulting', 'education', 'electronics', 'energy', 'engineering',
                    'entertainment', 'environmental', 'finance', 'food & beverage', 'government', 'healthcare',
                    'hospitality', 'insurance', 'machinery', 'manufacturing', 'media', 'not for profit',
                    'recreation', 'retail', 'shipping', 'technology', 'telecommunications', 'transportation',
                    'utilities', 'other')
            then jsonb_build_object(
                'code', 'UNLISTED_PICKLIST_VALUE', 'severity', 'note',
                'field', 'Industry', 'column', 'leads.industry',
                'sentence', 'Lead.Industry does not list the value that leads.industry gives; Salesforce takes it.',
                'mend', 'Use one of the org''s values, or map it with values in lead.yaml.',
                'sent', jsonb_build_array('Industry')
            )
        end,
        case
            when octet_length(sent."Industry") > 255
                and char_length(sent."Industry") + regexp_count(sent."Industry", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Industry', 'column', 'leads.industry',
                'sentence', format(
                    'leads.industry has %s characters; Lead.Industry takes 255.',
                    to_char(
                        char_length(sent."Industry") + regexp_count(sent."Industry", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.industry, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Industry')
            )
        end,
        case
            when lower(sent."LeadSource") not in ('web', 'phone inquiry', 'partner referral', 'purchased list', 'other')
            then jsonb_build_object(
                'code', 'UNLISTED_PICKLIST_VALUE', 'severity', 'note',
                'field', 'LeadSource', 'column', 'leads.lead_source',
                'sentence', 'Lead.LeadSource does not list the value that leads.lead_source gives; Salesforce takes it.',
                'mend', 'Use one of the org''s values, or map it with values in lead.yaml.',
                'sent', jsonb_build_array('LeadSource')
            )
        end,
        case
            when octet_length(sent."LeadSource") > 255
                and char_length(sent."LeadSource") + regexp_count(sent."LeadSource", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'LeadSource', 'column', 'leads.lead_source',
                'sentence', format(
                    'leads.lead_source has %s characters; Lead.LeadSource takes 255.',
                    to_char(
                        char_length(sent."LeadSource") + regexp_count(sent."LeadSource", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.lead_source, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('LeadSource')
            )
        end,
        case
            when octet_length(sent."Description") > 32000
                and char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]') > 32000
            then jsonb_build_object(
                'code', 'TRUNCATED', 'severity', 'note',
                'field', 'Description', 'column', 'leads.notes',
                'sentence', format(
                    'leads.notes has %s characters; Lead.Description takes 32,000 and is cut.',
                    to_char(
                        char_length(sent."Description") + regexp_count(sent."Description", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', '',
                'sent', jsonb_build_array('Description')
            )
        end,
        case
            when value."Status"::text not in ('new', 'contacted', 'qualified', 'won', 'lost')
            then jsonb_build_object(
                'code', 'UNMAPPED_VALUE', 'severity', 'error',
                'field', 'Status', 'column', 'leads.lead_status',
                'sentence', 'leads.lead_status holds a value that the value map of Status does not list.',
                'mend', 'Add it to values of Status in lead.yaml, or say otherwise: keep.'
            )
        end,
        case
            when octet_length(sent."Status") > 255
                and char_length(sent."Status") + regexp_count(sent."Status", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Status', 'column', 'leads.lead_status',
                'sentence', format(
                    'leads.lead_status has %s characters; Lead.Status takes 255.',
                    to_char(
                        char_length(sent."Status") + regexp_count(sent."Status", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten leads.lead_status, or let lead.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Status')
            )
        end
    ]::jsonb[], null)) as problems
from public."leads" as source
cross join lateral (
    select
        "company_name" as "label",
        "company_name" as "Company",
        "last_name" as "LastName",
        "first_name" as "FirstName",
        "title" as "Title",
        "email" as "Email",
        "phone" as "Phone",
        "website" as "Website",
        "industry" as "Industry",
        "lead_source" as "LeadSource",
        "notes" as "Description",
        "lead_status" as "Status"
    from (select source.*) as "leads"
    where (converted_account_id is null)
) as value
cross join lateral (
    select
        nullif(btrim(value."Company"::text, E' \t\n\x0B\f\r'), '') as "Company",
        coalesce(nullif(btrim(value."LastName"::text, E' \t\n\x0B\f\r'), ''), '[not provided]') as "LastName",
        nullif(btrim(value."FirstName"::text, E' \t\n\x0B\f\r'), '') as "FirstName",
        nullif(btrim(value."Title"::text, E' \t\n\x0B\f\r'), '') as "Title",
        nullif(btrim(value."Email"::text, E' \t\n\x0B\f\r'), '') as "Email",
        nullif(btrim(value."Phone"::text, E' \t\n\x0B\f\r'), '') as "Phone",
        nullif(btrim(value."Website"::text, E' \t\n\x0B\f\r'), '') as "Website",
        nullif(btrim(value."Industry"::text, E' \t\n\x0B\f\r'), '') as "Industry",
        nullif(btrim(value."LeadSource"::text, E' \t\n\x0B\f\r'), '') as "LeadSource",
        nullif(btrim(value."Description"::text, E' \t\n\x0B\f\r'), '') as "Description",
        nullif(case value."Status"::text
            when 'new' then 'Open - Not Contacted'
            when 'contacted' then 'Working - Contacted'
            when 'qualified' then 'Working - Contacted'
            when 'won' then 'Working - Contacted'
            when 'lost' then 'Closed - Not Converted'
        end, '') as "Status"
) as sent
