"""`crm-sync org setup`: what the mappings need of an org, made there, told to its administrator, or
written as source for his own deployment.

What is wanted follows from the mappings (`wanted`); what is there is read (`present`); the steps
between the two are pure (`difference`, `undo`); `carrying_out` is the only one that writes to the
org. `saying`, `page` and `source` tell the same content. Nothing is kept outside the org: what we
made there says so itself (`MARK`).
"""
