"""The parts of a cluster, found by folder: each module has `SURFACES`."""
