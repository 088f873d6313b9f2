"""Writing the ledger of a spec, and then moving MLflow's alias `champion` to match it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from features.errors import ContractError, MissingError, UsageError
from pipelines.champion import chain, leases, ledger, loading, model_versions
from pipelines.champion.authorship import Authorship, sign
from pipelines.champion.chain import BrokenLedgerError
from pipelines.champion.ledger import Entry, Ledger
from pipelines.champion.succession import Standing
from pipelines.servers import mlflow_runs


@dataclass(frozen=True)
class LedgerWriter:
    """The registry, the ledger, and their current author."""

    spec: str
    client: MlflowClient
    book: Ledger
    signed: Authorship

    def seen(self) -> tuple[Standing, str | None]:
        """The state by the ledger, and the version that the alias shows.

        Raises BrokenLedgerError where the ledger is not what was written: nothing is decided or said by such a one.
        """
        entries = self.book.entries(self.spec)
        while True:
            alias, head = (
                model_versions.champion(self.client, self.spec),
                model_versions.kept_head(self.client, self.spec),
            )
            again = self.book.entries(self.spec)
            if again == entries:
                return chain.check(self.spec, entries, head=head), str(alias.version) if alias else None
            entries = again

    def agreed(self) -> tuple[Standing, str | None]:
        """The same, checked: the alias shows the ledger's champion, or the previous one in an unfinished promotion.

        Raises BrokenLedgerError where there is a champion and no ledger, ContractError where the alias shows nothing
        because the champion is lost, UsageError where it was moved by hand.
        """
        standing, alias = self.seen()
        if alias == standing.serving or standing.unfinished(alias):
            return standing, alias
        if not standing.entries:
            raise BrokenLedgerError(
                f"'{self.spec}' has a champion, version {alias}, and its ledger at {self.book.place} is empty: it was"
                f" lost, or {ledger.ADDRESS} names another. Bring it back; if there is none, `python -m pipelines"
                f" registry adopt {self.spec} --reason TEXT` begins one with this champion."
            )
        self.check_champion(standing)
        shown = f"version {alias}" if alias else "nothing"
        said = f"version {standing.serving}" if standing.serving else "there is none"
        raise UsageError(
            f"'{self.spec}': the alias champion shows {shown}, but the ledger says {said}: it was moved by hand."
            f" `python -m pipelines registry restore {self.spec}` puts it back."
        )

    def reconciled(self) -> tuple[Standing, bool]:
        """The state by the ledger, once the alias matches, and whether an unfinished promotion was completed for that.

        Raises as `agreed`, and TakenError when somebody else wrote meanwhile.
        """
        standing, alias = self.agreed()
        if alias == standing.serving:
            return standing, False
        self.project()
        return standing, True

    def lost(self, standing: Standing, version: str) -> str | None:
        """Why a version cannot be served: it or its files are missing or changed; None where it can."""
        try:
            found = model_versions.version(self.client, self.spec, version)
            with loading.stored(self.spec, version) as folder:
                loading.seal_of(found, standing).check(folder, of=f"version {version} of '{self.spec}'")
        except (MissingError, ContractError) as error:
            return str(error).rstrip(".")
        return None

    def check_champion(self, standing: Standing) -> None:
        """Raise ContractError, with the remedy, where the champion or the version that serves for it is lost."""
        of_it = dict.fromkeys(one for one in (standing.champion, standing.serving) if one)
        why = next((found for one in of_it if (found := self.lost(standing, one))), None)
        if why:
            raise ContractError(
                f"the champion is lost: {why}. `python -m pipelines registry restore {self.spec}` puts a copy of it or"
                " the last good champion in its place."
            )

    def write(self, standing: Standing, body: Mapping[str, Any]) -> Entry:
        """Append the entry that follows a state. Raises TakenError when that is no longer the current state."""
        entry = Entry.after(standing.entries, self.spec, body)
        self.book.append(entry)
        model_versions.keep_head(self.client, self.spec, chain.head_of(entry))
        return entry

    def project(self) -> None:
        """Move the aliases to what serves and what shadows by the ledger; repeat if another process changed them.

        Raises MissingError when that version is gone.
        """
        while True:
            standing, alias = self.seen()
            if standing.serving != alias:
                model_versions.point(self.client, self.spec, standing.serving)
            elif (shadows := _shadows(standing)) != self.shadow_alias():
                model_versions.point(self.client, self.spec, shadows, model_versions.SHADOW)
            else:
                return

    def shadow_alias(self) -> str | None:
        """The version that the alias `shadow` shows."""
        found = model_versions.aliased(self.client, self.spec, model_versions.SHADOW)
        return str(found.version) if found else None


def _shadows(standing: Standing) -> str | None:
    return str(standing.shadow.body["challenger_version"]) if standing.shadow else None


def no_champion(spec: str) -> MissingError:
    """What to raise of a spec without a champion, where one is needed."""
    return MissingError(f"'{spec}' has no champion yet; run: python -m pipelines run {spec}")


def reading(spec: str, root: Path) -> LedgerWriter:
    """The writer of a spec, for reading only."""
    signed = sign(os.environ, datetime.now(UTC))
    mlflow_runs.use(root)
    return LedgerWriter(spec, mlflow_runs.client(root), ledger.opened(root), signed)


@contextmanager
def writing(spec: str, root: Path) -> Iterator[LedgerWriter]:
    """The writer of a spec, while no other process writes, here or elsewhere; database faults become StorageErrors."""
    with mlflow_runs.answering(root), leases.held(spec, root):
        yield reading(spec, root)
