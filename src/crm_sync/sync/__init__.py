"""From a plan in PostgreSQL to records in Salesforce, and back to what we know of them."""
