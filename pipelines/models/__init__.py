"""Models as folders of text that load anywhere, and where each came from."""
