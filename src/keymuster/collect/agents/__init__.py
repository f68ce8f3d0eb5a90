"""Configuration of AI agents: what it declares, and the registry that says who answers for it."""
