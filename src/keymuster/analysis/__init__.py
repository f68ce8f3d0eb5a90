"""Step 3: derived facts about what the inventory holds."""
