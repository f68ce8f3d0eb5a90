"""The inventory for other programs: one module per format."""
