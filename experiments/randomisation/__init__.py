"""Whether actions were handed out by lot: what the log says, and what the data show."""
