"""Sample: short notes of an organisation."""
