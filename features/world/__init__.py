"""Simulation of a subscription business with known true risks and effects, behind the `demo` spec."""
