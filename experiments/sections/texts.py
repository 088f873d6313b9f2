"""Spec section `texts`: the version of a reader of texts that reads what customers write."""

from typing import Annotated

from pydantic import Field

from experiments.sections.section import Section


class ReaderSpec(Section):
    """The reader of texts that gives contacts their tone: a registered model of texts, and which version of it.

    Another version is another recipe. The reader knows no text from the first date that judges on.
    """

    model: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: int = Field(ge=1)
