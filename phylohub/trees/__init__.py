"""One layout of family trees, for the terminal, for pages and for the atlas: forests, folded siblings, circles."""
