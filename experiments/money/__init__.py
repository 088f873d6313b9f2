"""The value of contacting customers: values, costs, contact limits, and simple policies to compare with."""
