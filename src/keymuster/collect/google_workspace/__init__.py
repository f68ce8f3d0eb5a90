"""Google Workspace through the Admin SDK: which third parties its users let in."""
