"""Our own attack and safe corpora: several hundred outputs as data, and what the gate makes of them.

`people` is the data, `tabulated` the researcher who works honestly, `attacks` and `honest` the cases,
`verdicts` runs them, `scorecard` counts. `make scorecard` prints it and writes it into README.md.
"""
