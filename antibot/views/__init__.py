"""Pages and machine doors of antibot."""
