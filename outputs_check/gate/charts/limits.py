"""How much one chart can show: bounds of a reader's eye and of the time to draw, not of disclosure."""

MAX_BARS = 60
MAX_BINS = 200  # of one histogram
MAX_PANELS = 12
MAX_SERIES = 8  # as many colours as the palette has
MAX_POINTS = 5_000  # of all lines or curves of one chart
MAX_HEAT_CELLS = 5_000
MAX_TERMS = 60

MAX_TITLE, MAX_TITLE_LINES = 300, 3
MAX_LABEL = 36
MAX_NAME = 40
TITLE_EMS = 49  # a line of a title; an em is the size of its letters
MOST = 1e15  # of a figure: beyond it, floating-point ticks run together
