"""Plans, reports and failures as text, JSON, Markdown, HTML and GitHub annotations. Nothing here prints."""
