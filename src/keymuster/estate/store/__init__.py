"""What an estate remembers: targets, runs, what each last look saw, and what became of every finding.

`store.Store` is all that others need.
"""
