"""A small plugin for the tests: visitors write into a book. It uses every kind of hook an ordinary plugin needs."""
