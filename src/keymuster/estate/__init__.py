"""Many targets over time: what to look at, what was seen when, who is told."""
