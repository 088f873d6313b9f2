"""A family for risk alone, as a stranger would write it: no function for effects, and no parameter of its own."""

from experiments.families import logistic
from experiments.family import Family

TEXT = '''
"""Logistic regression with one penalty."""

from experiments.families import logistic
from experiments.family import Family

FAMILY = Family(
    name="risk_alone",
    meaning="logistic regression with one penalty",
    search=logistic.search,
    starting_points=({"C": 0.05},),
    prepare=logistic.prepare,
    fit=logistic.fit,
)
'''
RISK_ALONE = Family(
    name="risk_alone",
    meaning="logistic regression with one penalty",
    search=logistic.search,
    starting_points=({"C": 0.05},),
    prepare=logistic.prepare,
    fit=logistic.fit,
)
