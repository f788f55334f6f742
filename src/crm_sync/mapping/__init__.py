"""Mapping files: read, checked, compiled to SQL, and described in a document."""
