"""The registrar of a spec: writes the ledger first, then lets the alias `champion` follow as its projection."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from features.errors import UsageError
from pipelines import bodies, leases, ledger, registry, tracking
from pipelines.ledger import Entry, Ledger
from pipelines.signature import Signature, sign
from pipelines.standing import Standing


@dataclass(frozen=True)
class Registrar:
    """The registry, the ledger, and who writes there now; waited, whether another did when this one came."""

    spec: str
    client: MlflowClient
    book: Ledger
    signed: Signature
    waited: bool = False

    def seen(self) -> tuple[Standing, str | None]:
        """What the ledger says, and the version that the alias shows while it says so."""
        entries = self.book.entries(self.spec)
        while True:
            alias = registry.champion(self.client, self.spec)
            again = self.book.entries(self.spec)
            if again == entries:
                return Standing(self.spec, entries), str(alias.version) if alias else None
            entries = again

    def adopted(self) -> tuple[Standing, str | None]:
        """The same, once a champion from before there was a ledger has its entry. Raises TakenError as `write` does."""
        standing, alias = self.seen()
        if standing.entries or alias is None:
            return standing, alias
        digest = registry.digest_of(registry.version(self.client, self.spec, alias))
        entry = self.write(standing, bodies.adoption(alias, self.signed, digest=digest))
        return Standing(self.spec, (entry,)), alias

    def reconciled(self) -> tuple[Standing, bool]:
        """What the ledger says, once the alias shows it, and whether an unfinished promotion was finished for that.

        Raises UsageError where the alias was moved by hand, TakenError when somebody else wrote meanwhile.
        """
        standing, alias = self.adopted()
        if alias == standing.champion:
            return standing, False
        if not standing.unfinished(alias):
            shown = f"version {alias}" if alias else "nothing"
            raise UsageError(
                f"'{self.spec}': the alias champion shows {shown}, but the ledger says version {standing.champion}: it"
                f" was moved by hand. `python -m pipelines registry restore {self.spec}` puts it back."
            )
        self.project()
        return standing, True

    def write(self, standing: Standing, body: Mapping[str, Any]) -> Entry:
        """Append the entry that follows a standing. Raises TakenError when that is no longer how things stand."""
        entry = Entry.after(standing.entries, self.spec, body)
        self.book.append(entry)
        return entry

    def project(self) -> None:
        """Let the alias show the ledger's champion, and look again: who is overtaken meanwhile sets it once more.

        Raises MissingError when that version is gone.
        """
        while True:
            standing, alias = self.seen()
            if standing.champion in (None, alias):
                return
            registry.point(self.client, self.spec, str(standing.champion))


def reading(spec: str, root: Path) -> Registrar:
    """The registrar of a spec, for looking only."""
    signed = sign(os.environ, datetime.now(UTC))
    return Registrar(spec, tracking.client(root), ledger.opened(root), signed)


@contextmanager
def writing(spec: str, root: Path) -> Iterator[Registrar]:
    """The registrar of a spec, while no other process writes, here or elsewhere; what fails is MLflow's database's."""
    with tracking.answering(root), leases.held(spec, root) as lease:
        tracking.use(root)
        yield replace(reading(spec, root), waited=lease.waited)
