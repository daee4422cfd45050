"""Hostile bytes in, typed values out: read in a sandbox, and never believed without it."""
