"""Tables of modules above this one, by the columns that are needed: names without an import."""

from sqlalchemy import Text, Uuid, column, table

ORG = table(
    "org",
    column("id", Uuid),
    column("path", Text(collation="C")),
    column("code", Text(collation="C")),
    column("name", Text),
)
ACCOUNT = table(
    "account",
    column("id", Uuid),
    column("org_path", Text(collation="C")),
    column("sign_in_name", Text(collation="C")),
)
