"""What a notebook imports: the catalogue, the extract, a cluster, and the way to the gate.

from lab import session

session.catalogue()                      # what there is
people = session.extract("person_year")  # a Dask DataFrame
client = session.cluster()               # the session's own workers

first = session.Submission("first")
first.table(pd.crosstab(...), file="region.csv", title="…", statistic="count",
            data="person_year", rows=["region"], columns=["sex"])
session.submit(first)
session.findings()
"""

from lab.session.data import catalogue, cluster, extract
from lab.session.derived import DerivedDataset, derive
from lab.session.gate import Receipt, findings, submissions, submit
from lab.session.submission import Output, Submission

__all__ = [
    "DerivedDataset",
    "Output",
    "Receipt",
    "Submission",
    "catalogue",
    "cluster",
    "derive",
    "extract",
    "findings",
    "submissions",
    "submit",
]
