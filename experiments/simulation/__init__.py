"""A simulated year: the world month by month under a policy, what it earns, and policies to compare with."""
