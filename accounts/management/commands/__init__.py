"""Commands about staff accounts."""
