"""Readers of texts: how they learn a class and a tone from labelled texts, name topics, and are judged."""
