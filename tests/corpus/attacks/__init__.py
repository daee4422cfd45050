"""Disclosive submissions: every row of the rulebook and all that fooled the best peer."""
