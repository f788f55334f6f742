"""The documents that are made and not written: `crm-sync docs`.

`everything` knows which there are. `command_line` makes cli.md, `problems` errors.md, `database`
database.md; the pages about mappings are made in `mapping`, the schemas for programs beside what
they describe, the pictures in `er_diagram`. `sources` starts the database that some are made of,
once. In: nothing but the program, the mappings and the schema of the project that it is called in.
Out: texts by file name; `cli/documents.py` writes or compares them.
"""
