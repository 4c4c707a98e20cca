"""Tables of modules above this one, by the columns that are needed: names without an import."""

from __future__ import annotations

from sqlalchemy import Text, Uuid, column, table

ORG = table("org", column("id", Uuid), column("code", Text(collation="C")), column("name", Text))
ACCOUNT = table("account", column("id", Uuid), column("display_name", Text))
