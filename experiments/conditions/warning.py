"""A condition of a playbook's segment: a warning of a rule is open for the customer."""

from collections.abc import Iterator

from experiments.logic import truth
from experiments.logic.condition import Columns, Condition, ConditionKind, Edges, Values, is_missing
from experiments.logic.truth import Truth
from features.section import Name


class WarningCondition(Condition):
    """A warning of the rule, or of `any` rule, was raised for the customer and is neither done nor expired."""

    warning: Name

    @property
    def column(self) -> str:
        """The column with the number of such warnings."""
        return column_of(self.warning)

    def columns(self) -> frozenset[str]:
        """The number of such warnings."""
        return frozenset({self.column})

    def truth(self, values: Values) -> Truth:
        """Whether there is one."""
        counted = values[self.column].astype(float)
        return truth.of(counted >= 1, known=~is_missing(counted))

    def edges(self) -> Edges:
        """One warning."""
        return {self.column: (1.0,)}

    def mistakes(self, columns: Columns) -> Iterator[str]:
        """A rule that there is not, or none where it may be asked: rules of warnings ask for no warnings."""
        if self.column not in columns:
            yield f"there is no rule of warnings '{self.warning}' that a segment could ask for"

    def words(self) -> str:
        """The rule."""
        return f"a warning of '{self.warning}' is open"


def column_of(rule: str) -> str:
    """The column with the number of a customer's open warnings of a rule."""
    return f"warning {rule}"


KIND = ConditionKind(
    "warning",
    "a warning of a rule is open (playbooks only)",
    WarningCondition,
    {"warning": "use_is_down"},
)
