-- mappings/account.yaml as SQL, made by python -m tests.integration.mapping.golden.
select
    'account' as mapping,
    source."id"::text as key,
    value.label::text as label,
    jsonb_build_object(
        'Name', to_jsonb(sent."Name"),
        'Industry', to_jsonb(sent."Industry"),
        'Website', to_jsonb(sent."Website"),
        'Phone', to_jsonb(sent."Phone"),
        'BillingStreet', to_jsonb(sent."BillingStreet"),
        'BillingCity', to_jsonb(sent."BillingCity"),
        'BillingState', to_jsonb(sent."BillingState"),
        'BillingPostalCode', to_jsonb(sent."BillingPostalCode"),
        'BillingCountry', to_jsonb(sent."BillingCountry")
    ) as payload,
    '[]'::jsonb as lookups,
    to_jsonb(array_remove(array[
        case
            when sent."Name" is null
            then jsonb_build_object(
                'code', 'REQUIRED_FIELD_MISSING', 'severity', 'error',
                'field', 'Name', 'column', 'accounts.company_name',
                'sentence', 'accounts.company_name is empty, and Account.Name is required.',
                'mend', 'Fill accounts.company_name, or give Name an if_null in account.yaml.'
            )
        end,
        case
            when octet_length(sent."Name") > 255
                and char_length(sent."Name") + regexp_count(sent."Name", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Name', 'column', 'accounts.company_name',
                'sentence', format(
                    'accounts.company_name has %s characters; Account.Name takes 255.',
                    to_char(
                        char_length(sent."Name") + regexp_count(sent."Name", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.company_name, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Name')
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
                'field', 'Industry', 'column', 'accounts.industry',
                'sentence', 'Account.Industry does not list the value that accounts.industry gives; Salesforce takes it.',
                'mend', 'Use one of the org''s values, or map it with values in account.yaml.',
                'sent', jsonb_build_array('Industry')
            )
        end,
        case
            when octet_length(sent."Industry") > 40
                and char_length(sent."Industry") + regexp_count(sent."Industry", '[\U00010000-\U0010FFFF]') > 40
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Industry', 'column', 'accounts.industry',
                'sentence', format(
                    'accounts.industry has %s characters; Account.Industry takes 40.',
                    to_char(
                        char_length(sent."Industry") + regexp_count(sent."Industry", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.industry, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Industry')
            )
        end,
        case
            when octet_length(sent."Website") > 255
                and char_length(sent."Website") + regexp_count(sent."Website", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Website', 'column', 'accounts.website',
                'sentence', format(
                    'accounts.website has %s characters; Account.Website takes 255.',
                    to_char(
                        char_length(sent."Website") + regexp_count(sent."Website", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.website, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Website')
            )
        end,
        case
            when sent."Website" !~ '^[^[:space:]]*[^[:space:].][.][^[:space:].][^[:space:]]*$'
            then jsonb_build_object(
                'code', 'UNUSUAL_WEB_ADDRESS', 'severity', 'note',
                'field', 'Website', 'column', 'accounts.website',
                'sentence', 'accounts.website does not look like a web address; Salesforce keeps it as it is.',
                'mend', 'Correct accounts.website.',
                'sent', jsonb_build_array('Website')
            )
        end,
        case
            when octet_length(sent."Phone") > 40
                and char_length(sent."Phone") + regexp_count(sent."Phone", '[\U00010000-\U0010FFFF]') > 40
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'Phone', 'column', 'accounts.phone',
                'sentence', format(
                    'accounts.phone has %s characters; Account.Phone takes 40.',
                    to_char(
                        char_length(sent."Phone") + regexp_count(sent."Phone", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.phone, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('Phone')
            )
        end,
        case
            when octet_length(sent."BillingStreet") > 255
                and char_length(sent."BillingStreet") + regexp_count(sent."BillingStreet", '[\U00010000-\U0010FFFF]') > 255
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'BillingStreet', 'column', 'accounts.billing_street',
                'sentence', format(
                    'accounts.billing_street has %s characters; Account.BillingStreet takes 255.',
                    to_char(
                        char_length(sent."BillingStreet") + regexp_count(sent."BillingStreet", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.billing_street, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('BillingStreet')
            )
        end,
        case
            when octet_length(sent."BillingCity") > 40
                and char_length(sent."BillingCity") + regexp_count(sent."BillingCity", '[\U00010000-\U0010FFFF]') > 40
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'BillingCity', 'column', 'accounts.billing_city',
                'sentence', format(
                    'accounts.billing_city has %s characters; Account.BillingCity takes 40.',
                    to_char(
                        char_length(sent."BillingCity") + regexp_count(sent."BillingCity", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.billing_city, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('BillingCity')
            )
        end,
        case
            when octet_length(sent."BillingState") > 80
                and char_length(sent."BillingState") + regexp_count(sent."BillingState", '[\U00010000-\U0010FFFF]') > 80
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'BillingState', 'column', 'accounts.billing_state',
                'sentence', format(
                    'accounts.billing_state has %s characters; Account.BillingState takes 80.',
                    to_char(
                        char_length(sent."BillingState") + regexp_count(sent."BillingState", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.billing_state, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('BillingState')
            )
        end,
        case
            when octet_length(sent."BillingPostalCode") > 20
                and char_length(sent."BillingPostalCode") + regexp_count(sent."BillingPostalCode", '[\U00010000-\U0010FFFF]') > 20
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'BillingPostalCode', 'column', 'accounts.billing_postal_code',
                'sentence', format(
                    'accounts.billing_postal_code has %s characters; Account.BillingPostalCode takes 20.',
                    to_char(
                        char_length(sent."BillingPostalCode") + regexp_count(sent."BillingPostalCode", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.billing_postal_code, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('BillingPostalCode')
            )
        end,
        case
            when octet_length(sent."BillingCountry") > 80
                and char_length(sent."BillingCountry") + regexp_count(sent."BillingCountry", '[\U00010000-\U0010FFFF]') > 80
            then jsonb_build_object(
                'code', 'STRING_TOO_LONG', 'severity', 'error',
                'field', 'BillingCountry', 'column', 'accounts.billing_country',
                'sentence', format(
                    'accounts.billing_country has %s characters; Account.BillingCountry takes 80.',
                    to_char(
                        char_length(sent."BillingCountry") + regexp_count(sent."BillingCountry", '[\U00010000-\U0010FFFF]'),
                        'FM999,999,999,999')
                ),
                'mend', 'Shorten accounts.billing_country, or let account.yaml say too_long: truncate.',
                'sent', jsonb_build_array('BillingCountry')
            )
        end
    ]::jsonb[], null)) as problems
from public."accounts" as source
cross join lateral (
    select
        "company_name" as "label",
        "company_name" as "Name",
        "industry" as "Industry",
        "website" as "Website",
        "phone" as "Phone",
        "billing_street" as "BillingStreet",
        "billing_city" as "BillingCity",
        "billing_state" as "BillingState",
        "billing_postal_code" as "BillingPostalCode",
        "billing_country" as "BillingCountry"
    from (select source.*) as "accounts"
) as value
cross join lateral (
    select
        nullif(btrim(value."Name"::text, E' \t\n\x0B\f\r'), '') as "Name",
        nullif(btrim(value."Industry"::text, E' \t\n\x0B\f\r'), '') as "Industry",
        nullif(btrim(value."Website"::text, E' \t\n\x0B\f\r'), '') as "Website",
        nullif(btrim(value."Phone"::text, E' \t\n\x0B\f\r'), '') as "Phone",
        nullif(btrim(value."BillingStreet"::text, E' \t\n\x0B\f\r'), '') as "BillingStreet",
        nullif(btrim(value."BillingCity"::text, E' \t\n\x0B\f\r'), '') as "BillingCity",
        nullif(btrim(value."BillingState"::text, E' \t\n\x0B\f\r'), '') as "BillingState",
        nullif(btrim(value."BillingPostalCode"::text, E' \t\n\x0B\f\r'), '') as "BillingPostalCode",
        nullif(btrim(value."BillingCountry"::text, E' \t\n\x0B\f\r'), '') as "BillingCountry"
) as sent
