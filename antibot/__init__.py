"""Counter-measures against capture; other apps enter by `doors` only."""
