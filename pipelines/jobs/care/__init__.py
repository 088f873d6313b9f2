"""`doctor`, `clean`: what is wrong with a checkout and its servers, and what nothing refers to any more."""
