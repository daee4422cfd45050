"""What three suppliers would send: made-up people, their records, and the dirt that real deliveries have."""
