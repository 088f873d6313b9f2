"""The demo world: an invented subscription business whose hidden truth is known, so that models can be judged by it."""
