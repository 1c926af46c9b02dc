"""Pages of staff."""

from antibot.admin import lists, money, networks, policies, radar

__all__ = ["lists", "money", "networks", "policies", "radar"]
