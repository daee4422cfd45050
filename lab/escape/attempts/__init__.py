"""The attempts, as data: one file a theme."""
