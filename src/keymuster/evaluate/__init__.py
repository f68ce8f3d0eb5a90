"""Step 4: hold the policies against the inventory. Pure: same inputs, same findings."""
