"""The sections of a spec, a module each: who reads a section depends on its module, and on no other."""
