"""Step 5: write what was found, one module per output format."""
