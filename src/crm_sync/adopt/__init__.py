"""`crm-sync adopt`: matches rows without a record with records of the org that lack our key.

by (which fields are compared) · normal (what counts as the same value) · match (pure: rows and
records → certain, ambiguous, unmatched) · decisions (what a person decided, from a CSV) · records
(read from Salesforce) · find (the story up to here; reads only) · carrying_out (the only writes) ·
story (both, and the question between them) · saying, page, template (the same for people).
"""
