"""Safe submissions, written the ways people write them; each has to be PASS."""
