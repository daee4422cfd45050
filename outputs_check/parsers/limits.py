"""How much a submitted file may cost. Bounds of the machine, not of disclosure: those are in the appetite."""

from __future__ import annotations

MAX_FILE_BYTES = 16 * 2**20
MAX_TOTAL_BYTES = 64 * 2**20
MAX_DERIVED_BYTES = 64 * 2**20  # a dataset that a researcher derived: as much as a session may send
MAX_FILES = 100
MAX_ROWS = 5_000  # rulebook, "Files": csv, tsv
MAX_COLUMNS = 500
MAX_CELL_CHARACTERS = 500
MAX_TEXT_CHARACTERS = 1_000_000
MAX_PIXELS = 40_000_000
MAX_TOML_DEPTH = 6
MAX_JSON_DEPTH = 32
MAX_PARTS = 200
MAX_UNPACKED_BYTES = 64 * 2**20
MAX_PACKING_RATIO = 100

FILE_SECONDS = 20.0
FILE_CPU_SECONDS = 15
ALL_SECONDS = 90.0
FILE_MEMORY_BYTES = 2**30
MAX_ANSWER_BYTES = 256 * 2**20
