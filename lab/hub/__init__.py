"""The front door and the rooms behind it: login, project sessions in sandboxes, the hub's configuration."""
