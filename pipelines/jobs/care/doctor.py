"""Everything that `doctor` looks at, in order; nothing is changed, created or migrated for it."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from mlflow import MlflowClient

from features.errors import HoldfastError
from pipelines.champion import audit, ledger, ledger_table, model_versions
from pipelines.champion.authorship import sign
from pipelines.champion.ledger import Entry, Ledger
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.jobs.care import installed, locks, machine, reachable, schemas, unreferenced
from pipelines.jobs.care.finding import ERROR, OK, WARNING, Finding, fine, wrong
from pipelines.jobs.care.reachable import LEDGER, MLFLOW
from pipelines.messages.numbers import counted
from pipelines.servers import databases, faults, mlflow_runs
from pipelines.specs import text_specs
from pipelines.workspace import Workspace

UNASKED = "mend what stands above first"


@dataclass(frozen=True)
class Doctor:
    """A checkout, and the specs that are asked about."""

    root: Path
    specs: tuple[str, ...]

    def findings(self) -> list[Finding]:
        """Every line: versions, servers, disk, locks, tables, clock, specs."""
        found = [*installed.findings(self.root)]
        try:
            servers = reachable.everything(self.root)
        except HoldfastError as error:
            return [*found, wrong("servers", error)]
        answers = [*reachable.findings(servers), *reachable.remote(self.root)]
        well = {one.about: servers[one.about][1] for one in answers if one.level == OK and one.about in servers}
        made = {about: where for about, where in well.items() if reachable.is_made(where)}
        found += [*answers, *machine.disk([self._workspace(spec) for spec in self.specs], self.root)]
        found += self._told("locks", lambda: locks.of_checkout(self.root))
        tables = self._told("databases", lambda: schemas.of_servers(made))
        found += [*tables, *self._told("studies", lambda: schemas.of_studies(self.root))]
        entries: dict[str, tuple[Entry, ...]] = {}
        if LEDGER in made:
            found += self._told(LEDGER, lambda: self._read(made[LEDGER], entries))
        newest = max((one.body["decided_at"] for each in entries.values() for one in each[-1:]), default=None)
        zones = [str(zone) for spec in self.specs if (zone := self._time_zone(spec))]
        found += [*machine.clock(made.values(), zones, newest)]
        # What is older or newer than we know cannot be asked, and must not be migrated by a look.
        old = any(one.level != OK and one.about in (MLFLOW, "databases") for one in tables)
        for spec in self.specs:
            found += self._told(f"spec {spec}", lambda: self._readable(spec))  # noqa: B023 - it has run by then
            if MLFLOW in made and LEDGER in well and not old:
                found += self._told(f"spec {spec}", lambda: self._registry(spec, entries.get(spec), made.get(LEDGER)))  # noqa: B023
            elif reachable.is_made(servers[MLFLOW][1]):
                found.append(Finding(WARNING, f"spec {spec}", "its registry was not looked at", UNASKED))
        return found

    def _told(self, about: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
        """What a look finds; a fault of the world, such as a locked database, is a line, too."""
        try:
            with faults.Translated(self.root):
                return [*look()]
        except HoldfastError as error:
            return [wrong(about, error)]

    def _workspace(self, spec: str) -> Workspace:
        return Workspace(self.root, spec)

    def _readable(self, spec: str) -> Iterator[Finding]:
        """Nothing, of a spec that can be read. Raises as `load`."""
        text_specs.load(self._workspace(spec))
        yield from ()

    def _time_zone(self, spec: str) -> str | None:
        with suppress(HoldfastError):
            return getattr(text_specs.load(self._workspace(spec)), "time_zone", None)
        return None

    def _read(self, where: str, entries: dict[str, tuple[Entry, ...]]) -> Iterator[Finding]:
        """Fill in the entries of each spec, where there is a ledger."""
        engine = databases.engine(where)
        with databases.answering(engine), engine.connect() as connection:
            is_there = sa.inspect(connection).has_table(ledger_table.NAME)
        if is_there:
            entries |= {spec: Ledger(engine).entries(spec) for spec in self.specs}
        yield from ()

    @cached_property
    def _client(self) -> MlflowClient:
        """A client that migrates nothing: the tables are of the version that it wants."""
        mlflow_runs.use(self.root)
        where = mlflow_runs.uri(self.root)
        return MlflowClient(tracking_uri=where, registry_uri=where)

    def _registry(self, spec: str, entries: tuple[Entry, ...] | None, book: str | None) -> Iterator[Finding]:
        """The alias against the ledger, versions that it does not know, runs of no study, runs that were killed.

        entries is None where there is no ledger, book its address where there is such a database.
        """
        about, workspace = f"spec {spec}", self._workspace(spec)
        there = unreferenced.InMlflow.of(self._client, spec)
        if not entries and not there.versions:
            yield fine(about, "nothing is registered yet")
        else:
            yield from self._against_ledger(spec, entries, book)
        if unknown := unreferenced.versions(there, [one.body for one in entries or ()], workspace):
            words = f"no entry of the ledger knows version {', '.join(unknown)}"
            remedy = f"`python -m pipelines registry delete {spec} VERSION` deletes it, where no checkout judges it yet"
            yield Finding(WARNING, about, words, remedy)
        if runs := unreferenced.runs(there, workspace):
            words = f"{counted(len(runs), 'run')} of MLflow of no study and no version here"
            yield Finding(WARNING, about, words, f"`python -m pipelines clean {spec}` lists them")
        if experiment := self._client.get_experiment_by_name(spec):
            yield from locks.runs(self._client, str(experiment.experiment_id), spec)
        if book:
            yield from locks.leases(databases.engine(book), spec)

    def _against_ledger(self, spec: str, entries: tuple[Entry, ...] | None, book: str | None) -> Iterator[Finding]:
        about, alias = f"spec {spec}", model_versions.champion(self._client, spec)
        if entries is None or book is None:
            if alias is None:
                yield fine(about, "nothing was decided yet")
                return
            words = f"the alias champion shows version {alias.version}, and there is no ledger: it was lost"
            yield Finding(ERROR, about, words, f"bring it back from a backup, or correct {ledger.ADDRESS}")
            return
        signed = sign(os.environ, datetime.now(UTC))
        reader = LedgerWriter(spec, self._client, Ledger(databases.engine(book)), signed)
        found = audit.faults(reader)
        # A fault of the audit ends with its remedy.
        yield from (Finding(ERROR, about, one) for one in found)
        if not found:
            shown = f"alias champion at version {alias.version}" if alias else "no champion"
            yield fine(about, f"{shown}, as the ledger says, and its files are whole")
