"""The report: a folder of static HTML pages with the study's figures, drawn from the marts. It opens from disk."""
