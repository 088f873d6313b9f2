"""A column of the table says what became of the customer."""

from features.label import Label

LABEL = Label("column", "a column of the data says it", None)
