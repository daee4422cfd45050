"""The locked-down lab: projects, people, data catalogue, hub, sessions."""
