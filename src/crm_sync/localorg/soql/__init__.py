"""SOQL: text → tree (parse) → statement over SQLite (compile) → pages of records (results)."""
