"""The arithmetic of each kind of model: one file per `Portable.kind`, which becomes part of the models of that kind."""
