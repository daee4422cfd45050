"""What a notebook does in a real session: look, compute, submit, read the answer."""

import json

from running_lab import RoomKernel, RunningLab, person_year


def test_the_catalogue_lists_the_extract(room: RoomKernel) -> None:
    told = room.run("from lab import session; print(list(session.catalogue().index))")
    for variable in person_year("work-health").columns:
        assert f"('person_year', '{variable}')" in told


def test_the_extract_is_a_dask_dataframe_in_the_catalogues_order(room: RoomKernel) -> None:
    told = room.run(
        """
        from lab import session
        frame = session.extract("person_year")
        print(type(frame).__module__.split(".")[0], list(frame.columns), frame.year.dtype)
        print(frame.groupby("year").pay.sum().compute().to_dict())
        """
    ).splitlines()
    expected = person_year("work-health")
    assert told[0] == f"dask {list(expected.columns)} int64"
    assert told[1] == str(expected.groupby("year").pay.sum().to_dict())


def test_an_unknown_dataset_is_named(room: RoomKernel) -> None:
    told = room.kernel.run("from lab import session; session.extract('spells')")
    assert told.error == "NotFound: the extract has no such dataset (spells): choose one of: person_year"


def test_the_cluster_computes_in_processes_of_the_room(room: RoomKernel) -> None:
    told = room.run(
        """
        from lab import session
        import os
        client = session.cluster(2)
        print(len(set(client.run(os.getpid).values()) - {os.getpid()}), session.cluster() is client)
        print(int(session.extract("person_year").on_benefit.sum().compute()))
        print(client.scheduler.address.startswith("tcp://127.0.0.1:"))
        client.shutdown()
        """
    )
    assert told.split() == ["2", "True", str(person_year("work-health").on_benefit.sum()), "True"]


def test_outputs_are_submitted_and_answered(running_lab: RunningLab, room: RoomKernel) -> None:
    identifier = room.run(
        """
        from lab import session
        import pandas as pd
        frame = session.extract("person_year").compute()
        first = session.Submission("outputs/first")
        table = pd.crosstab(frame.region, frame.sex)
        first.table(table, file="region.csv", title="Person-years by region and sex", statistic="count",
                    data="person_year", rows=["region"], columns=["sex"])
        receipt = session.submit(first)
        print(receipt.id)
        """
    )
    assert identifier.startswith("work-health-")
    told = room.run(
        f"""
        from lab import session
        print(session.findings({identifier!r}).to_json(orient="records"))
        known = session.submissions().set_index("id")
        print(known.state[{identifier!r}], known.verdict[{identifier!r}])
        """
    ).splitlines()
    assert {finding["file"] for finding in json.loads(told[0])} == {"region.csv"}
    assert told[1] == "in_review PASS", told
    (sent,) = running_lab.settings.database().audit_events(action="submission.sent", subject=identifier)
    assert sent["actor"] == "rita"


def test_a_missing_file_is_named_before_anything_is_sent(room: RoomKernel) -> None:
    told = room.kernel.run(
        """
import pathlib
from lab import session
folder = pathlib.Path("/workspace/half"); folder.mkdir(exist_ok=True)
(folder / "submission.toml").write_text("project = 'work-health'\\n[[output]]\\nfile = 'gone.csv'\\n")
session.submit("half")
        """
    )
    assert told.error == "BadInput: a declared file is missing (/workspace/half/gone.csv): write it first"


def test_a_notebook_and_what_it_derived_are_checked_again(room: RoomKernel) -> None:
    """The cell that runs here is the notebook's own: the gate runs it once more, in a room of its own."""
    source = """
from lab import session
frame = session.extract("person_year").compute()
cohort = frame[frame.year == 2024].assign(high=lambda part: (part.pay > 20_300).astype(int))
session.derive(cohort, "cohort", sources=["person_year"], lineage="people of 2024, analysis.ipynb")
mine = session.Submission("outputs/whole")
mine.table(cohort.groupby("region", observed=True).high.mean(), file="high.csv", title="High pay",
           statistic="proportion", data="cohort", rows=["region"], value="high")
mine.notebook("/workspace/whole.ipynb", title="All of it")
receipt = session.submit(mine)
"""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    room.run(f"open('/workspace/whole.ipynb', 'w').write({json.dumps(notebook)!r})")
    told = room.run(f"{source}\nprint(session.findings(receipt.id).to_json(orient='records'))")
    found = {(each["file"], each["rule"]): each["verdict"] for each in json.loads(told)}
    assert found["whole.ipynb", "notebook.reproduced"] == "PASS", told
    assert found["high.csv", "figure.agrees"] == found["high.csv", "evidence.lineage"] == "PASS", told
    assert found["high.csv", "evidence.derived"] == "REVIEW"
    assert "BLOCK" not in found.values()
