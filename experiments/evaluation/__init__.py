"""The figures of a judged model, compared with others and put in words."""
