"""The gate: it believes nothing that it has not recomputed, and releases only its own bytes.

`check.check_submission` reads a folder, lets a sandbox parse its files, holds each declaration against
the data, computes every figure again, applies the rules under the owners' appetite, and compares what is
left with itself, with its neighbours and with every earlier release.

What it cannot see, and says so: messages in the digits of true figures, in the order of rows or in the
pixels of a chart; chains of three or more tables that only together isolate someone, and the interval
in which a suppressed cell must lie (pairs, margins and sums along the lines of a table are compared);
what a text means; what a forest or a penalised model learned beyond its structural tests and the one
attack that is measured. Counts rounded to the appetite's base are taken for protected against subtraction.
"""
