"""SOAP: the envelope, signing in, and what else is asked for in XML."""
