"""Machine-learning models: their parameters as JSON, structural tests, a measured attack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gate_bench import Bench, rules
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from outputs_check.gate.membership import attack
from outputs_check.gate.predicting import predicted
from outputs_check.gate.verdict import Verdict
from outputs_check.parsers.models import model_of
from outputs_check.parsers.protocol import read_answer, write_answer

FEATURES = ["age", "hours"]
TRAINING = "half = 0"


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    random = np.random.default_rng(17)
    size = 4_000
    age, hours = random.integers(18, 70, size), random.normal(35, 5, size).round(1)
    return pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(size)],
            "half": random.integers(0, 2, size),
            "region": random.choice(["North", "South"], size),
            "age": age,
            "hours": hours,
            "ill": (random.random(size) < 0.2 + age / 200).astype(int),
            "pay": (random.gamma(3, 8_000, size) + 100 * age).round(2),
        }
    )


def arrays(tree: Any) -> dict[str, Any]:
    """What a researcher writes of scikit-learn's `tree_`."""
    return {
        "children_left": tree.children_left.tolist(),
        "children_right": tree.children_right.tolist(),
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "value": tree.value[:, 0, :].tolist(),
    }


def of_trees(model: Any, kind: str) -> dict[str, Any]:
    members = getattr(model, "estimators_", [model])
    values = {"kind": kind, "features": FEATURES, "trees": [arrays(member.tree_) for member in members]}
    return values | ({"classes": model.classes_.tolist()} if hasattr(model, "classes_") else {})


def of_coefficients(model: Any, kind: str) -> dict[str, Any]:
    values = {"kind": kind, "features": FEATURES, "intercept": np.atleast_1d(model.intercept_).tolist(),
              "coefficients": np.atleast_2d(model.coef_).tolist()}  # fmt: skip
    return values | ({"classes": model.classes_.tolist()} if hasattr(model, "classes_") else {})


def tree(data: pd.DataFrame, target: str = "ill", **options: Any) -> dict[str, Any]:
    learner = DecisionTreeRegressor if target == "pay" else DecisionTreeClassifier
    return of_trees(learner(random_state=0, **options).fit(data[FEATURES].to_numpy(), data[target]), "tree")


def forest(data: pd.DataFrame, **options: Any) -> dict[str, Any]:
    model = RandomForestClassifier(n_estimators=5, random_state=0, **options)
    return of_trees(model.fit(data[FEATURES].to_numpy(), data.ill), "forest")


def logistic(data: pd.DataFrame, target: str = "ill") -> dict[str, Any]:
    return of_coefficients(LogisticRegression().fit(data[FEATURES].to_numpy(), data[target]), "logistic")


def linear(data: pd.DataFrame) -> dict[str, Any]:
    return of_coefficients(LinearRegression().fit(data[FEATURES].to_numpy(), data.pay), "linear")


def submit(bench: Bench, data: pd.DataFrame, model: dict[str, Any], **declared: Any) -> Any:
    bench.register(data, "people")
    keys = {"statistic": "model", "value": "ill", "columns": FEATURES, "where": TRAINING} | declared
    bench.declare("model.json", json.dumps(model), data="people", **keys)
    return bench.only()


Make = Callable[[pd.DataFrame], dict[str, Any]]
MODEST: dict[str, tuple[Make, str]] = {
    "a tree of large leaves": (lambda d: tree(d, max_depth=3, min_samples_leaf=100), "ill"),
    "a regression tree": (lambda d: tree(d, "pay", min_samples_leaf=200), "pay"),
    "a forest": (lambda d: forest(d, max_depth=3, min_samples_leaf=100), "ill"),
    "logistic": (logistic, "ill"),
    "linear": (linear, "pay"),
}


@pytest.mark.parametrize("case", MODEST)
def test_modest_models_are_for_a_person_to_judge(bench: Bench, people: pd.DataFrame, case: str) -> None:
    make, target = MODEST[case]
    output = submit(bench, people, make(people[people.half == 0]), value=target)
    assert output.verdict is Verdict.REVIEW, output.findings
    (measured,) = [finding for finding in output.findings if finding.rule == "learned.membership"]
    assert "succeeds with an AUC of 0." in measured.message
    assert output.media_type == "application/json"
    model_of(json.loads(output.canonical or b""))


def shared(data: pd.DataFrame) -> dict[str, Any]:
    """A tree of other data: in some of its leaves everybody is ill."""
    return tree(data.assign(ill=data.ill.where(data.age < 60, 1)), max_depth=4, min_samples_leaf=50)


DISCLOSIVE: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], Make, str, str]] = {
    "a tree that remembers everyone": (lambda d: d, tree, "ill", "learned.leaves"),
    "a forest that remembers everyone": (lambda d: d, forest, "ill", "learned.leaves"),
    "a tree that tells its people from others": (lambda d: d, tree, "ill", "learned.membership"),
    "more parameters than people": (lambda d: d, tree, "ill", "freedom.residual"),
    "a leaf where everyone is ill": (
        lambda d: d.assign(ill=d.ill.where(d.age < 60, 1)), lambda d: tree(d, min_samples_leaf=50), "ill",
        "learned.classes",
    ),
    "a leaf of one person's pay": (
        lambda d: d.assign(pay=d.pay.where(d.index != d.index[d.half == 0][0], 1e9)),
        lambda d: tree(d, "pay", min_samples_leaf=200), "pay", "learned.dominance",
    ),
    "leaves that say something else": (
        lambda d: d, shared, "ill", "learned.values",
    ),
    "a class of three people": (
        lambda d: d.assign(ill=(d.index % 1500 == 0) * 1), logistic, "ill", "model.outcome",
    ),
    "a coefficient of three people": (
        lambda d: d.assign(hours=np.where(d.index < 6, d.hours, 0.0)), linear, "pay", "model.cells",
    ),
    "support vectors": (lambda d: d, lambda d: {"kind": "SVC", "features": FEATURES}, "ill",
                        "learned.records"),
    "neighbours": (lambda d: d, lambda d: {"kind": "KNeighborsClassifier"}, "ill", "learned.records"),
    "a network": (lambda d: d, lambda d: {"kind": "mlp", "layers": []}, "ill", "learned.kind"),
    "features that are not declared": (
        lambda d: d, lambda d: logistic(d) | {"features": ["age", "pay"]}, "ill", "declaration.column",
    ),
    "classes that nobody has": (lambda d: d, lambda d: logistic(d) | {"classes": [4, 5]}, "ill",
                                "learned.values"),
    "a loop": (
        lambda d: d,
        lambda d: {"kind": "tree", "features": FEATURES, "classes": [0, 1], "trees": [{
            "children_left": [0], "children_right": [0], "feature": [0], "threshold": [1.0],
            "value": [[0.5, 0.5]]}]},
        "ill", "file.schema",
    ),
    "an attachment": (lambda d: d, lambda d: logistic(d) | {"rows": [[1, 2]]}, "ill", "file.schema"),
}  # fmt: skip


@pytest.mark.parametrize("case", DISCLOSIVE)
def test_disclosive_models_are_blocked(bench: Bench, people: pd.DataFrame, case: str) -> None:
    change, make, target, rule = DISCLOSIVE[case]
    data = change(people)
    output = submit(bench, data, make(data[data.half == 0]), value=target)
    assert rule in rules(output), output.findings
    assert output.verdict is Verdict.BLOCK


def test_leaves_hold_people_and_not_rows(bench: Bench, people: pd.DataFrame) -> None:
    rows = people.assign(person_id="p" + (people.index % 18).astype(str))
    made = tree(rows[rows.half == 0], max_depth=2, min_samples_leaf=100)
    assert "freedom.residual" in rules(submit(bench, rows, made))


def test_without_people_left_out_nothing_is_measured(bench: Bench, people: pd.DataFrame) -> None:
    output = submit(bench, people, tree(people, max_depth=2, min_samples_leaf=100), where="age > 0")
    assert output.verdict is Verdict.REVIEW
    (found,) = [finding for finding in output.findings if finding.rule == "learned.membership"]
    assert "not measured" in found.message


def test_a_pickle_is_never_read(bench: Bench, people: pd.DataFrame) -> None:
    bench.register(people, "people")
    bench.declare("model.pkl", b"\x80\x04cos\nsystem\n", data="people", statistic="model", value="ill",
                  columns=FEATURES)  # fmt: skip
    assert bench.only().verdict is Verdict.BLOCK


def test_categories_are_features_of_their_own(bench: Bench, people: pd.DataFrame) -> None:
    data = people[people.half == 0]
    design = np.column_stack([data.age, data.region == "North"])
    fit = LogisticRegression().fit(design, data.ill)
    made = of_coefficients(fit, "logistic") | {"features": ["age", "region=North"]}
    assert submit(bench, people, made, columns=["age", "region"]).verdict is Verdict.REVIEW


@pytest.mark.parametrize("make", ["tree", "forest", "logistic", "regression tree", "linear"])
def test_predictions_are_those_of_scikit_learn(people: pd.DataFrame, make: str) -> None:
    rows = people[FEATURES].to_numpy()
    three = people.assign(ill=people.age // 20)
    learner, target, write, kind = {
        "tree": (DecisionTreeClassifier(max_depth=6), three.ill, of_trees, "tree"),
        "forest": (RandomForestClassifier(5, max_depth=6), three.ill, of_trees, "forest"),
        "logistic": (LogisticRegression(max_iter=500), three.ill, of_coefficients, "logistic"),
        "regression tree": (DecisionTreeRegressor(max_depth=6), people.pay, of_trees, "tree"),
        "linear": (LinearRegression(), people.pay, of_coefficients, "linear"),
    }[make]  # fmt: skip
    learner.fit(rows, target)
    said = predicted(model_of(json.loads(json.dumps(write(learner, kind)))), rows)
    peer = learner.predict_proba(rows) if hasattr(learner, "classes_") else learner.predict(rows)[:, None]
    np.testing.assert_allclose(said, peer, rtol=1e-9, atol=1e-12)


def test_the_attack_is_measured_as_scikit_learn_measures_it() -> None:
    random = np.random.default_rng(1)
    members, others = random.integers(0, 20, 300) * 1.0, random.integers(4, 24, 200) * 1.0
    found = attack(members, others)
    peer = roc_auc_score([1] * 300 + [0] * 200, -np.concatenate([members, others]))
    assert found.auc == pytest.approx(peer, abs=1e-12)
    assert found.low < found.auc < found.high


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats() | st.sampled_from(["tree", "linear", "age"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["kind", "features", "classes", "intercept", "coefficients", "trees", "children_left",
             "children_right", "feature", "threshold", "value"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["kind", "features", "classes", "trees", "intercept"]), values))
def test_no_parameters_break_the_reader(hostile: dict[str, Any]) -> None:
    """Whatever is accepted can be predicted with, and comes back the same from the sandbox."""
    try:
        model = model_of(hostile)
    except ValueError:
        return
    assert read_answer(write_answer(model).strip()) == model
    if model.features:
        with np.errstate(all="ignore"):
            assert len(predicted(model, np.zeros((3, len(model.features))))) == 3
