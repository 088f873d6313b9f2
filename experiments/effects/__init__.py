"""The effects of rounds of contacts: by assignment, on those reached, cumulated, in money, and of other policies."""
