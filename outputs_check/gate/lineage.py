"""What is known, and what is not, of a dataset that is not the granted extract itself."""

from __future__ import annotations

from outputs_check.gate.data import DataFolder, Dataset, quoted
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import derived as rules
from outputs_check.gate.verdict import Verdict


def lineage_findings(data: DataFolder, dataset: Dataset, unit: str) -> list[Finding]:
    """Hold a dataset that was derived, or lies there unregistered, against those that are registered.

    unit: the submission's; an unregistered dataset has no other.

    Raises:
        Blocked: it names columns that cannot be compared.
    """
    if dataset.registered:
        return []
    found = [
        finding
        for each in (dataset.units or (unit,))
        if each in data.columns(dataset)
        for finding in _strangers(data, dataset, each)
    ]
    if dataset.derivation is None:
        return found
    sources = [data.dataset(name) for name in dataset.derivation.sources]
    whence = "; ".join(f"{source.name} ({', '.join(source.owners)})" for source in sources)
    text = f"'{dataset.name}' is derived from {whence}. Lineage: {dataset.derivation.lineage}"
    own = f"the values of '{dataset.name}', and whose they are, are the researcher's own"
    found += [rules.LINEAGE.finding(Verdict.PASS, text), rules.OWN_VALUES.review(own)]
    lost = {each for source in sources for each in source.units} - set(dataset.units)
    if lost:
        text = f"{', '.join(sorted(lost))} is not in '{dataset.name}': its thresholds could not be held"
        found.append(rules.UNIT_LEFT_OUT.review(text))
    return found


def _strangers(data: DataFolder, dataset: Dataset, unit: str) -> list[Finding]:
    """Units of a dataset that are in none of its sources; for an unregistered one, in none at all."""
    names = dataset.derivation.sources if dataset.derivation else data.names
    sources = [source for source in map(data.dataset, names) if unit in data.columns(source)]
    if not sources:
        return []
    column = f"CAST({quoted(unit)} AS VARCHAR)"
    known = " UNION ALL ".join(f"SELECT {column} AS u FROM {quoted(each.name)}" for each in sources)  # noqa: S608
    fetched = data.fetch(
        f"SELECT count(DISTINCT u) AS n FROM (SELECT {column} AS u FROM {quoted(dataset.name)})"  # noqa: S608
        f" WHERE u IS NOT NULL AND u NOT IN (SELECT u FROM ({known}) WHERE u IS NOT NULL)"
    )
    number = int(fetched["n"][0])
    if not number:
        return []
    where = ", ".join(source.name for source in sources)
    text = f"{number:,} {unit} of '{dataset.name}' are in none of its sources ({where})"
    return [rules.STRANGERS.block(text)]
