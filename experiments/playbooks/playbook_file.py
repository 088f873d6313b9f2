"""Schema of a playbook file: customer segments, and rows that give actions; the first matching row wins."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from experiments.alerts import grammar
from experiments.alerts.alert_file import Texts
from experiments.logic.condition import Condition
from features.section import Name, Section

# What a row says for customers who are to be left alone.
NO_ACTION = "none"


class PlaybookRow(Section):
    """A segment by name and the action it gets, `none` for customers who are to be left alone; says is the reason."""

    segment: Name
    action: Name
    says: Texts


class PlaybookFile(Section):
    """Segments by name, each a condition, and the rows by name in the order in which they are asked."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    title: Name
    segments: Mapping[Name, Condition] = Field(min_length=1)
    rows: Mapping[Name, PlaybookRow] = Field(min_length=1)

    @field_validator("segments", mode="before")
    @classmethod
    def _read(cls, said: Any) -> Any:
        if not isinstance(said, Mapping):
            raise ValueError("segments need a name each, with a condition")  # noqa: TRY004 - pydantic wants ValueError
        return {name: one if isinstance(one, Condition) else grammar.read(one) for name, one in said.items()}

    @model_validator(mode="after")
    def _segments_are_there(self) -> "PlaybookFile":
        for name, row in self.rows.items():
            if row.segment not in self.segments:
                raise ValueError(f"rows.{name}: there is no segment '{row.segment}'; there are {sorted(self.segments)}")
        return self
