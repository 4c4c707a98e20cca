"""Members: the registry of people, their records, periods of membership, and how they are found."""
