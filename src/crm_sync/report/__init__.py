"""Reports: one model of what a dry run or a sync has to say, and a renderer for each way to say it.

In: the frozen classes of `report.model`. Out: a terminal's text, HTML, Markdown, JSON, and files.
May import `crm_sync.errors` and nothing else of the project.
"""
