"""What a file says: one module per reader."""
