"""The sections of a spec, one module each, so that a stage depends only on the sections that it reads."""
