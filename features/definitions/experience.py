"""Survey scores of the customer, and surveys left unanswered."""

import ibis.expr.types as ir

from features.feature import feature
from features.history import History, mean, share

TOUCHPOINTS = ("onboarding", "application", "after_sales", "renewal")


@feature(table="surveys", unit="points", minimum=0, maximum=10)
def last_score(history: History) -> ir.Value:
    """Score of the last answered survey, 10 is best; missing when none was answered, within the look-back."""
    return history.last("surveys", "score")


@feature(table="surveys", unit="points", each=TOUCHPOINTS, minimum=0, maximum=10)
def touchpoint_score(history: History, touchpoint: str) -> ir.Value:
    """Last score at the touchpoint {each}, 10 is best; missing when none was given, within the look-back."""
    return history.last("surveys", "score", history.surveys.touchpoint == touchpoint)


@feature(table="surveys", unit="points", minimum=-10, maximum=10)
def score_change(history: History) -> ir.Value:
    """Last score against the mean of those before it, within the look-back; missing with fewer than two."""
    surveys = history.surveys
    last, answers = history.last("surveys", "score").cast("float64"), surveys.score.count()
    return last - (surveys.score.sum().cast("float64") - last) / (answers - 1).nullif(0)


@feature(table="surveys", unit="points", minimum=0, maximum=10)
def mean_score(history: History) -> ir.Value:
    """Mean score of the answered surveys, 10 is best; missing when none was answered, within the look-back."""
    return mean(history.surveys.score)


@feature(table="surveys", unit="count", days=(90, 180), minimum=0)
def low_scores(history: History, days: int) -> ir.Value:
    """Scores of 4 or less in the last {days} days."""
    surveys = history.surveys
    return surveys.count(where=history.within(surveys, days) & (surveys.score <= 4))


@feature(table="surveys", unit="share", minimum=0, maximum=1)
def low_score_share(history: History) -> ir.Value:
    """Share of scores of 4 or less among the answers within the look-back; missing without an answer."""
    return share(history.surveys.count(where=history.surveys.score <= 4), history.surveys.score.count())


@feature(table="surveys", unit="days", minimum=0)
def days_since_asked(history: History) -> ir.Value:
    """Days since the customer was last asked; missing when not asked, within the look-back."""
    return history.days_since(history.surveys.event_at.max())


@feature(table="surveys", unit="count", days=(90, 180), minimum=0)
def unanswered_surveys(history: History, days: int) -> ir.Value:
    """Surveys of the last {days} days without an answer."""
    surveys = history.surveys
    return surveys.count(where=history.within(surveys, days) & surveys.score.isnull())


@feature(table="surveys", unit="days", minimum=0)
def days_of_silence(history: History) -> ir.Value:
    """Days since the oldest question that is still unanswered; missing when every one was answered."""
    surveys = history.surveys
    return history.days_since(surveys.event_at.min(where=surveys.score.isnull()))
