"""The base class of all parts of a spec."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

FIRST_YEAR, LAST_YEAR = 1970, 2200


def of_our_time(moment: date) -> date:
    """The moment. Raises ValueError where its year is implausible or it names a time zone: a spec has its own."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{moment} is not between {FIRST_YEAR} and {LAST_YEAR}")
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        raise ValueError(
            f"{moment} names a zone; write what the company's clocks showed, such as {moment:%Y-%m-%dT%H:%M:%S}"
        )
    return moment


Name = Annotated[str, Field(min_length=1)]
Day = Annotated[date, AfterValidator(of_our_time)]
Moment = Annotated[datetime, AfterValidator(of_our_time)]


class Section(BaseModel):
    """A part of a spec: frozen; unknown keys and non-finite numbers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = set(_kinds(cls.model_fields[str(info.field_name)].annotation))
        if bool not in kinds and kinds & {int, float} and any(isinstance(one, bool) for one in _values(value)):
            raise ValueError("yes and no, true and false, are no numbers")
        return value


def _kinds(annotation: Any) -> Iterator[Any]:
    """The member types of an annotation."""
    yield annotation
    for below in get_args(annotation):
        yield from _kinds(below)


def _values(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else (value,)
