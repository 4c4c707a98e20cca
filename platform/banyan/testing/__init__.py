"""What plugins' tests stand on: a whole platform with the plugin in it, things to act with, and the rules of the house.

``pytest`` finds the fixtures by itself (`banyan.testing.fixtures`); ``banyan plugin check`` asks the same rules.
"""

from banyan.testing.conformity import RULES, Finding, Report, Rule, check
from banyan.testing.installation import NOW, Installation, installation
from banyan.testing.world import World

__all__ = ["NOW", "RULES", "Finding", "Installation", "Report", "Rule", "World", "check", "installation"]
