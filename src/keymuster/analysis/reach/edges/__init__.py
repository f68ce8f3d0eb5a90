"""Sorts of edges, one module each, found by this folder: `edges(basis)` gives the edges that follow from
an inventory, and the nodes that no record is about."""
