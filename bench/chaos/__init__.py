"""Breaking things on purpose while people book, and judging what they saw."""
