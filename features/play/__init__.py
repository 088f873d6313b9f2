"""The simulated business played forward, given what is done to its customers."""
