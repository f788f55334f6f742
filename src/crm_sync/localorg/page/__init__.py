"""The page at ``/``: what the org holds and was asked, and the buttons of Salesforce's people.

In: a browser's requests outside of ``/services``. Out: HTML made on the server. It reads the store
and calls the same functions as the control end points; no API family knows it.
"""
