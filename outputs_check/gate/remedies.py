"""The smallest change that would make small cells safe: categories to merge with their neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from outputs_check.gate.computed import Computed
from outputs_check.gate.layout import Key

_NAMED = 3  # more merges than these are no small change


def merges(table: Computed, small: Collection[Key], threshold: int) -> str:
    """Name categories whose merging gives every small cell at least the threshold of people.

    Merged cells hold at least as many people as the larger of the two. Of several dimensions the one
    with the fewest merges; empty where no few merges are enough.
    """
    found = [_along(table, dimension, small, threshold) for dimension in range(len(table.labels))]
    enough = [pairs for pairs in found if 0 < len(pairs) <= _NAMED]
    if not enough:
        return ""
    pairs = min(enough, key=len)
    return "merge " + ", ".join(f"{name} '{one}' with '{other}'" for name, one, other in pairs)


def _along(
    table: Computed, dimension: int, small: Collection[Key], threshold: int
) -> Sequence[tuple[str, str, str]]:
    """Merges along one dimension; none where they would not be enough, or leave a single category."""
    labels = table.labels[dimension]
    categories: dict[int, list[Key]] = {}
    for key in small:
        index = key[dimension]
        if index is None:
            return ()
        categories.setdefault(index, []).append(key)
    if len(labels.names) < 3:
        return ()
    pairs = []
    for index, keys in categories.items():
        neighbours = _enough(table, dimension, index, keys, threshold)
        neighbour = next((other for other in neighbours if other not in categories), None)
        if neighbour is None:
            return ()
        pairs.append((table.output.dimensions[dimension], labels.names[index], labels.names[neighbour]))
    return pairs


def _enough(
    table: Computed, dimension: int, index: int, keys: Collection[Key], threshold: int
) -> Iterator[int]:
    """The categories beside one in which every one of its cells has enough people, for every unit."""
    for other in (index - 1, index + 1):
        beside = [(*key[:dimension], other, *key[dimension + 1 :]) for key in keys]
        if all(table.least_people(key) >= threshold for key in beside):
            yield other
