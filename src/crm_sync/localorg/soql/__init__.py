"""SOQL: text in, SQLite statements out."""
