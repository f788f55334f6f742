"""What checks and draws the Power BI project in docs/powerbi, without Power BI.

`model` reads the semantic model (TMDL), `star` computes its measures in PostgreSQL.
"""
