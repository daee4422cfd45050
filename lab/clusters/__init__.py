"""Compute for sessions: the cluster inside the sandbox."""
