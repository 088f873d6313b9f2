"""Feature themes, one file each; every `@feature` function in them is discovered."""
