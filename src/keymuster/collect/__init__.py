"""Step 1: from the outside to observations."""
