"""What the customer answered when asked how it went."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History


@feature(table="surveys", unit="points", minimum=0, maximum=10)
def last_score(history: History) -> ir.Value:
    """Score of the last answered survey, 10 is best; missing when none was answered, within the look-back."""
    surveys = history.surveys
    return surveys.score.argmax(surveys.event_at, where=surveys.score.notnull())


@feature(table="surveys", unit="points", minimum=0, maximum=10)
def mean_score(history: History) -> ir.Value:
    """Mean score of the answered surveys, 10 is best; missing when none was answered, within the look-back."""
    return history.surveys.score.mean()


@feature(table="surveys", unit="count", days=(180,), minimum=0)
def low_scores(history: History, days: int) -> ir.Value:
    """Scores of 4 or less in the last {days} days."""
    surveys = history.surveys
    return surveys.count(where=history.within(surveys, days) & (surveys.score <= 4))


@feature(table="surveys", unit="count", days=(180,), minimum=0)
def unanswered_surveys(history: History, days: int) -> ir.Value:
    """Surveys of the last {days} days without an answer."""
    surveys = history.surveys
    return surveys.count(where=history.within(surveys, days) & surveys.score.isnull())
