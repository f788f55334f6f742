"""The database's schema as the files say it: its version, applying it, what a database lacks."""
