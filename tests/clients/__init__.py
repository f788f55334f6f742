"""Clients that others wrote, unchanged, against the local org.

    install.py → a directory with the clients → pytest --clients=DIRECTORY → the tests here

simple-salesforce is a dependency of this project and needs no directory; the others have versions
of their own, pinned in the files beside this one, and stay out of the project's environment.
"""
