"""What people do with transfers: ask, answer, follow; and what then happens by itself."""
