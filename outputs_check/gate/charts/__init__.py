"""Charts, drawn by the gate from the table that it has approved (rulebook, "png, jpg": redrawn from it).

`read` reads the gate's own bytes of a table, `choose` says how a table of that shape is drawn, `draw`
draws it. What the picture says is what the table says: no pixel of an upload comes in here, and every
word is either the declaration's or the table's.
"""
