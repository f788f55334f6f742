"""What an administrator sets up while the org runs, whichever API he uses for it.

    customfields     fields of the org's own; the schema is made anew with each
    permissionsets   the records that signin enforces, written and read as one document
    listviews        kept, and given back
    customobjects    what there is, to be read and listed
    types            the table of these, which soap/metadata.py and tooling/ work through

A body is a document of the Metadata API as plain data: ``shapes`` says of what, and reads it from
XML and JSON. A refusal is a RowError: the code, the sentence and the fields of one component.
"""
