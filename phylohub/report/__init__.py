"""The report: a folder of static HTML with the study's figures, drawn from the marts. Opens from disk."""
