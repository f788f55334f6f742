"""One-way sync of a consultant's CRM in PostgreSQL to Salesforce."""
