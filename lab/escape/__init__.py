"""Attempts to get something out of a session, made with the door open and with the door shut."""
