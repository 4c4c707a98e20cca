"""Organisations and accounts by the columns that lists join."""

from banyan.modules.access.neighbours import ACCOUNT, ORG

ASKING, DECIDING = ORG.alias("asking_org"), ORG.alias("deciding_org")
ASKER, DELEGATOR, DEPUTY = ACCOUNT.alias("asker"), ACCOUNT.alias("delegator"), ACCOUNT.alias("deputy")
