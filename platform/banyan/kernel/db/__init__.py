"""The database: one engine, one session factory with a scope, two walls between tenants."""
