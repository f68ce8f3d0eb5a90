"""Files that hold files: one module per kind of container."""
