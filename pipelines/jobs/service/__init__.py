"""The service: scores customers when something happens, by the definitions of the batch."""
