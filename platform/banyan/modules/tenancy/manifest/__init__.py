"""Manifests (ORG-06): a whole tree as YAML and CSV; what would change, make it so, write it back.

`reading` takes files apart and tells every mistake with file and line, `staging` brings the rows into the database,
`checking` looks at them together, `plan` tells the differences, `apply` makes them, `export` writes a tree back.
"""
