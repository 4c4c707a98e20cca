"""Rules about people: pure functions, without a database."""
