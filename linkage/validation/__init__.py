"""Whether a delivery is what its supplier said it would be: Great Expectations, answered by DuckDB."""
