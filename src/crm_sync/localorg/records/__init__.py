"""Records: their values, rules and storage; knows nothing of HTTP."""
