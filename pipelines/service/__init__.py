"""`serve`: champions answer over HTTP while they are running, and events are received: see docs/service.md."""
