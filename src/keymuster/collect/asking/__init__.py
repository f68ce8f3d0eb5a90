"""What all services have in common: how they are asked, in parts that may fail each for itself."""
