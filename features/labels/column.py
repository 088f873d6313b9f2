"""Label `column`: a column of the table holds the outcome."""

from features.label import Label

LABEL = Label("column", "a column of the data says it", None)
