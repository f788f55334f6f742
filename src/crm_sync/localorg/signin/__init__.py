"""Signing in: tokens, sessions and who they belong to."""
