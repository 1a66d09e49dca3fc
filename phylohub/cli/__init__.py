"""The command line `phylohub`, one module per group of commands."""
