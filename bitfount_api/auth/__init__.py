"""Authentication handlers."""
