"""Schema of a spec's alert file: rules, their lexicons, and who is to act on them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from experiments.alerts import grammar
from experiments.logic.condition import Condition
from features.section import Name, Section

# The channel of those who take their warnings from the list.
LIST = "list"
# What follows HOLDFAST_CHANNEL_ in the environment, so that it can be a name there.
Channel = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,60}$")]
Level = Literal["low", "medium", "high"]
# What figures call all rules together.
TOGETHER = "any"
# The languages in which warnings and reasons are written.
LANGUAGES = ("en", "zh")


def in_every_language(said: Mapping[str, str]) -> Mapping[str, str]:
    """The texts by language. Raises ValueError where one is missing."""
    if lacking := [one for one in LANGUAGES if one not in said]:
        raise ValueError(f"{lacking} is missing; write it in {list(LANGUAGES)}")
    return said


Texts = Annotated[Mapping[Name, Name], AfterValidator(in_every_language)]


class Lexicon(Section):
    """Words that are looked for in texts, in any language; each in its plain form."""

    words: tuple[Name, ...] = Field(min_length=1)


class Route(Section):
    """Who is to act, by a category of the customer such as the region; default where it is missing or not named."""

    by: Name
    owners: Mapping[Name, Name]
    default: Name


class Rule(Section):
    """When to warn of a customer, and who is to act on it by when.

    says is the reason by language. after_hours: the rule fires when its condition has held so long. due_hours: how
    long after being told the owner is to have acted; then escalates_to is told. quiet_days: for so long it does not
    fire again.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    says: Texts
    when: Condition
    level: Level = "medium"
    owner: Name | None = None
    route: Name | None = None
    channel: Channel = LIST
    after_hours: float = Field(0, ge=0, le=24 * 365)
    due_hours: float = Field(72, gt=0, le=24 * 365)
    escalates_to: Name | None = None
    quiet_days: float = Field(0, ge=0, le=3_650)

    @field_validator("when", mode="before")
    @classmethod
    def _read(cls, said: Any) -> Condition:
        return said if isinstance(said, Condition) else grammar.read(said)

    @model_validator(mode="after")
    def _has_one_owner(self) -> "Rule":
        if (self.owner is None) == (self.route is None):
            raise ValueError("it needs an owner, or a route that says who it is, and not both")
        return self


class AlertFile(Section):
    """All rules of a spec's warnings, by name.

    owners and channels, where they are given, are all that there are: a rule or route that names another is refused.
    The channel `list` is always there.
    """

    title: Name
    owners: tuple[Name, ...] | None = Field(None, min_length=1)
    channels: tuple[Channel, ...] | None = None
    lexicons: Mapping[Name, Lexicon] = {}
    routes: Mapping[Name, Route] = {}
    rules: Mapping[Name, Rule] = Field(min_length=1)

    @model_validator(mode="after")
    def _routes_are_there(self) -> "AlertFile":
        if TOGETHER in self.rules:
            raise ValueError(f"rules.{TOGETHER}: this is what figures call all rules together; give it another name")
        for name, rule in self.rules.items():
            if rule.route is not None and rule.route not in self.routes:
                raise ValueError(f"rules.{name}: there is no route '{rule.route}'; there are {sorted(self.routes)}")
        return self

    @model_validator(mode="after")
    def _owners_and_channels_are_there(self) -> "AlertFile":
        named: list[tuple[str, str | None]] = []
        for name, route in self.routes.items():
            named += [(f"routes.{name}.owners.{by}", who) for by, who in route.owners.items()]
            named.append((f"routes.{name}.default", route.default))
        for name, rule in self.rules.items():
            named += [(f"rules.{name}.owner", rule.owner), (f"rules.{name}.escalates_to", rule.escalates_to)]
        for place, who in named:
            if who is not None and self.owners is not None and who not in self.owners:
                raise ValueError(f"{place}: there is no owner '{who}'; owners has {sorted(self.owners)}")
        for name, rule in self.rules.items():
            if self.channels is not None and rule.channel not in (LIST, *self.channels):
                there = sorted({LIST, *self.channels})
                raise ValueError(f"rules.{name}.channel: there is no channel '{rule.channel}'; there are {there}")
        return self

    @property
    def undeclared(self) -> tuple[str, ...]:
        """What the file names without saying which there are, so that no misspelt name is noticed."""
        channels = {rule.channel for rule in self.rules.values()} - {LIST}
        asked = {"owners": self.owners is None, "channels": self.channels is None and bool(channels)}
        return tuple(name for name, is_open in asked.items() if is_open)
