"""The Salesforce side: sign-in, calls, and what an org says of its objects."""
