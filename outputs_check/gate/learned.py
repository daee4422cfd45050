"""Machine-learning models: parameters, tested on the data and attacked; a person decides at best."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from lab.base.files import canonical_json
from outputs_check.gate.appetite import RiskAppetite
from outputs_check.gate.columns import NOBODY, present
from outputs_check.gate.data import Array, DataFolder
from outputs_check.gate.equation import Equation, Shown
from outputs_check.gate.examined import Examined
from outputs_check.gate.figures import written
from outputs_check.gate.labels import Labels, kind_of
from outputs_check.gate.learned_rules import Trained, structural_findings, unexplained_leaves
from outputs_check.gate.membership import attack, by_person
from outputs_check.gate.predicting import losses
from outputs_check.gate.question import Question
from outputs_check.gate.records import Records, read_records
from outputs_check.gate.result import Finding
from outputs_check.gate.rules import declarations, learned
from outputs_check.gate.rules.rule import Blocked
from outputs_check.gate.verdict import Evidence
from outputs_check.parsers.models import LINEAR, TREES, ParsedModel

# Families whose parameters are people's records, or distances to them (rulebook).
_STORING = ("sv", "support", "knn", "neighb", "gaussian", "kernel", "embed", "prototype", "instance", "lof")


def examine_learned(
    data: DataFolder, question: Question, model: ParsedModel, appetite: RiskAppetite
) -> Examined:
    """Examine a model that was trained on the declared rows, features and target.

    Raises:
        Blocked: a kind that stores records or is not examined, features that were not declared.
    """
    if refused := refused_kind(model):
        raise Blocked(refused)
    inside = _trained(data, question, model)
    findings = [*structural_findings(inside, appetite), *_values(inside)]
    findings += _membership(data, question, inside, appetite)
    text = f"a {model.kind} of {len(model.features)} features: a person has to judge whether it may leave"
    findings.append(learned.JUDGED.review(text))
    content = canonical_json(_plain(model))
    return Examined(
        Evidence.C,
        tuple(findings),
        content,
        "application/json",
        content,
        equations=(_equation(data, question, model),),
    )


def refused_kind(model: ParsedModel) -> Finding | None:
    """Why no model of this kind is examined, None where it is."""
    name = "".join(character for character in model.kind.lower() if character.isalpha())
    if any(part in name for part in _STORING):
        return learned.RECORDS.block(f"a model of the kind '{model.kind}' stores people's records")
    if model.kind not in TREES | LINEAR:
        return learned.KIND.block(f"models of the kind '{model.kind}' are not examined")
    return None


def _trained(data: DataFolder, question: Question, model: ParsedModel) -> Trained:
    columns = question.output.columns
    records = read_records(data, question, [*columns, str(question.output.value)])
    complete = records.frame.notna().all(axis=1).to_numpy()
    kept = Records(records.frame[complete], {unit: all_[complete] for unit, all_ in records.units.items()})
    target = kept.frame[str(question.output.value)].to_numpy(dtype=float)
    if not target.size:
        raise Blocked(declarations.NO_EVIDENCE.block("no declared row has all features and the target"))
    if model.classes and not np.isin(target, model.classes).all():
        raise Blocked(learned.VALUES.block("the target has values that are no class of the model"))
    features = [_feature(kept, question, name) for name in model.features]
    return Trained(model, np.column_stack(features), target, kept.units)


def _feature(records: Records, question: Question, name: str) -> Array:
    """A declared number, or 1 where a declared column has the category that the feature names."""
    columns = question.output.columns
    if name in columns:
        if kind_of(question.types[name]) not in {"number", "truth"}:
            raise Blocked(declarations.COLUMN.block(f"the feature '{name[:60]}' is not a number"))
        return np.asarray(records.frame[name], dtype=float)
    column, _, category = name.partition("=")
    if column not in columns or not category:
        raise Blocked(declarations.COLUMN.block(f"the feature '{name[:60]}' is not declared in 'columns'"))
    codes, values = records.frame[column].factorize()
    place = Labels.of(question.types[column], list(values)).find(category)
    if place is None:
        raise Blocked(declarations.COLUMN.block(f"nobody has '{name[:60]}'"))
    return np.asarray(codes == place, dtype=float)


def _values(trained: Trained) -> Iterator[Finding]:
    """A single tree tells the shares of its leaves, and they are the data's; others cannot be recomputed."""
    if trained.model.kind != "tree":
        text = f"the parameters of a {trained.model.kind} are claimed: they are tested, not recomputed"
        yield learned.VALUES.review(text)
    elif wrong := unexplained_leaves(trained, trained.model.trees[0]):
        yield learned.VALUES.block(f"the values of {wrong} leaves are not those of the declared data")


def _membership(
    data: DataFolder, question: Question, inside: Trained, appetite: RiskAppetite
) -> Iterator[Finding]:
    """Attack with the people of the same dataset that the declaration leaves out."""
    unit = question.units[0]
    outside = None
    if question.where:
        names = (*question.output.columns, str(question.output.value))
        left_out = " AND ".join(f"{present(question.types, name)} IS NOT NULL" for name in names)
        others = replace(question, where=f"({question.where}) IS NOT TRUE AND {left_out}")
        try:
            outside = _trained(data, others, inside.model)
        except Blocked:
            outside = None
    if outside is None:
        text = "the attack was not measured: `where` leaves nobody out that can be compared"
        yield learned.MEMBERSHIP.review(text, "train on a part of the people, and name it in `where`")
        return
    known, members = by_person(_losses(inside), inside.units[unit])
    unknown, strangers = by_person(_losses(outside), outside.units[unit])
    unknown = unknown[~np.isin(strangers, [*members, NOBODY])]
    known = known[members != NOBODY]
    if min(known.size, unknown.size) < appetite.threshold:
        text = f"the attack was not measured: {unknown.size} people were left out of training"
        yield learned.MEMBERSHIP.review(text, "leave more people out of training")
        return
    found = attack(known, unknown)
    text = (
        f"telling {found.members:,} people of the model from {found.others:,} others succeeds with an AUC of"
        f" {found.auc:.3f} (95 % interval {found.low:.3f} to {found.high:.3f}; 0.5 is chance)"
    )
    if found.auc > appetite.membership_auc and found.low > 0.5:
        yield learned.MEMBERSHIP.block(f"{text}, over {appetite.membership_auc}")
    else:
        yield learned.MEMBERSHIP.review(text)


def _equation(data: DataFolder, question: Question, model: ParsedModel) -> Equation:
    """The people of the model; only models of the same kind and features can be compared."""
    dataset, output = question.dataset, question.output
    names = (*output.columns, str(output.value))
    complete = " AND ".join(f"{present(question.types, name)} IS NOT NULL" for name in names)
    return Equation(
        origin=output.file,
        data=dataset.name,
        extract=data.rows_of(dataset),
        units=question.units,
        measure=":".join(["learned", dataset.name, model.kind, str(output.value), *sorted(model.features)]),
        shown=(Shown((), "the people of the model", math.nan),),
        additive=False,
        where=f"({question.where}) AND {complete}" if question.where else complete,
    )


def _losses(trained: Trained) -> Array:
    return losses(trained.model, trained.rows, trained.target)


def _plain(model: ParsedModel) -> dict[str, Any]:
    """The parameters that predict, to ten digits; what an inner node says of its rows is left out."""
    plain = _limited(dataclasses.asdict(model))
    for tree in plain["trees"]:
        leaf = [child < 0 for child in tree["children_left"]]
        width = len(tree["value"][0])
        for name, empty in (("value", [0.0] * width), ("feature", -2), ("threshold", -2.0)):
            keep = [end == (name == "value") for end in leaf]
            tree[name] = [entry if kept else empty for entry, kept in zip(tree[name], keep, strict=True)]
    return {name: part for name, part in plain.items() if part}


def _limited(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _limited(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_limited(item) for item in value]
    return float(written(value, None)) if isinstance(value, float) else value
