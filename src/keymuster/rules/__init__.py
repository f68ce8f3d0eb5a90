"""The files in `rules/`: their schema, loader, lint and documentation."""
