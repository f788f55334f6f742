"""The entity-relationship diagram, drawn from the live schema so that it cannot grow stale.

`catalog` reads tables, columns and foreign keys, `layout` gives every box and line its place,
`svg` draws them. Imports nothing of the project.
"""
