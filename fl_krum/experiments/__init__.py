"""Many sessions from one file: every rule under every attack, several seeds, one table."""
