"""What lists targets: a module each, found by its name."""
