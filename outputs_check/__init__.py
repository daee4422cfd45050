"""The gate: nothing leaves the lab but what has been recomputed, checked and decided."""
