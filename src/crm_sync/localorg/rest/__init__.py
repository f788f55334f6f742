"""REST API families: one module each, with its routes."""
