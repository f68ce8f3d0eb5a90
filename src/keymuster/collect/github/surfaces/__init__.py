"""The parts of an organization, found by folder: each module has `SURFACES`."""
