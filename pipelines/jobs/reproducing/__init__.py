"""A registered version made again: from its commit and its data, in a work tree of its own."""
