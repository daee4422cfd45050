"""The gate: it believes nothing that it has not recomputed, and releases only its own bytes.

`check.check_submission` reads a folder, lets a sandbox parse its files, holds each declaration against
the data, computes every figure again, applies the rules under the owners' appetite, and compares what is
left with itself, with its neighbours and with every earlier release.

Where it has no data, counts beside a table are weighed as a claim (`declared_counts`); a dataset that a
researcher derived is held against its sources (`lineage`); a notebook is run again in a clean room and what
it writes is compared (`reproduced`).

What it cannot see, and says so: messages in the digits of true figures, in the order of rows or in the
pixels of a chart; chains of three or more tables that only together isolate someone, and the interval
in which a suppressed cell must lie (pairs, margins and sums along the lines of a table are compared);
what a text means; what a forest or a penalised model learned beyond its structural tests and the one
attack that is measured. Counts rounded to the appetite's base are taken for protected against subtraction.
"""
