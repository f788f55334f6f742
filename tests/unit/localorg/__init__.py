"""Tests of the local org, all through real HTTP."""
