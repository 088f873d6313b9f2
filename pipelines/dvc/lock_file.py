"""Faster reading and writing of DVC's lock file.

After every stage DVC reads and writes the whole lock, of all specs, in a way that keeps comments, of which a lock has
none: more than half of what it cost. Here only a stage that was not written before is put into words, by DVC's own
writer: the text is the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

NAME, STAGES = "dvc.lock", "stages"


def stages(root: Path) -> dict[str, Any]:
    """The lock's content for every stage, by name; empty where there is no lock."""
    lock = root / NAME
    return read(lock.read_text()) if lock.exists() else {}


def read(text: str) -> dict[str, Any]:
    """The same of the text of a lock."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    return dict((found or {}).get(STAGES) or {})


def of_spec(stages: Mapping[str, Any], spec: str) -> dict[str, Any]:
    """The stages of one spec, by name; of a reader of texts without the ending, as in the stage's command."""
    named = {name.partition("@"): one for name, one in stages.items()}
    return {stage.removesuffix("_texts"): one for (stage, _, of), one in named.items() if of == spec}


def quicken() -> None:
    """Make DVC in this process use `Lock`; other versions of DVC go on without it."""
    from dvc import dvcfile  # type: ignore[import-untyped]

    dvcfile.modify_yaml = Lock().modified


class Lock:
    """A lock file optimised for frequent writes: the text of unchanged stages is reused."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    @contextmanager
    def modified(self, path: str, fs: Any = None) -> Iterator[dict[str, Any]]:
        """A block that may change the file's content, which is written when the block ends well."""
        from dvc.utils.serialize import load_yaml  # type: ignore[import-untyped]

        data = load_yaml(path, fs=fs) if Path(path).exists() else {}
        yield data
        text = self.text(data)  # before the file is opened: it stays where this fails
        with (fs.open if fs else open)(path, "w", encoding="utf-8") as file:
            file.write(text)

    def text(self, data: Mapping[str, Any]) -> str:
        """The text that DVC would write."""
        return "".join(self._stages(one) if key == STAGES and one else _text({key: one}) for key, one in data.items())

    def _stages(self, stages: Mapping[str, Any]) -> str:
        found = {f"{name} {one!r}": {name: one} for name, one in stages.items()}
        for key, stage in found.items():
            if key not in self._written:
                self._written[key] = _text({STAGES: stage}).partition("\n")[2]
        return "".join([f"{STAGES}:\n", *(self._written[key] for key in found)])


def _text(data: Mapping[str, Any]) -> str:
    from dvc.utils.serialize import dumps_yaml

    return str(dumps_yaml(data))
