"""What each supplier sends: a schema and an expectation suite per table, as data (TOML, CSV)."""
