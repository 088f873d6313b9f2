"""Contacts that correct another by its number: they become later rows of that contact, whatever their order."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.outreach.feedback.recorded_files import Recorded
from pipelines.outreach.feedback.recorded_known import Faults, Known


def settled(file: Recorded, contacts: Sequence[dict[str, Any]], known: Known, faults: Faults) -> list[dict[str, Any]]:
    """The contacts of a file's rows, each under the number of the first that it corrects, corrections behind it.

    A fault is one that corrects nothing that is in the file or recorded, itself, or two others.
    """
    own = {str(one["contact"]) for one in contacts}
    corrects: dict[str, str] = {}
    for (number, row), one in zip(file.rows, contacts, strict=True):
        if said := row.get("corrects", ""):
            if said not in own and said not in known.contacts:
                faults.of(number)(
                    f"it corrects contact '{said}', which is neither in the file nor recorded; name that of the"
                    " row that was recorded first."
                )
            if corrects.setdefault(str(one["contact"]), said) != said:
                faults.of(number)(f"contact '{one['contact']}' corrects another one already; leave one of the rows.")
    found = []
    for (number, row), one in zip(file.rows, contacts, strict=True):
        chain = _chain(row.get("corrects") or str(one["contact"]), corrects)
        if chain[-1] in corrects:
            faults.of(number)(f"contact '{chain[-1]}' corrects itself, through {chain}; leave the first uncorrected.")
        found.append((len(chain) + bool(row.get("corrects")), {**one, "contact": chain[-1]}))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _chain(contact: str, corrects: Mapping[str, str]) -> list[str]:
    """The numbers from a contact to the first that it corrects, at most one round of a circle."""
    found = [contact]
    while (below := corrects.get(found[-1])) is not None and below not in found:
        found.append(below)
    return found
