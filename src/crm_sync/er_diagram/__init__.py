"""The entity-relationship diagram, drawn from the live schema so that it cannot grow stale.

`catalog` reads a schema (the page of the database is made of it, too), `layout` gives every box and
line its place, `svg` draws them, `pictures` says which there are. Imports nothing but `blocks`.
"""
