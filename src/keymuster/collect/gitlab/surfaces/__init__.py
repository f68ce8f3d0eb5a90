"""The parts of a group, or of a server, found by folder: each module has `SURFACES`."""
