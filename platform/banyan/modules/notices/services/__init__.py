"""Write, publish, read and count notices."""
