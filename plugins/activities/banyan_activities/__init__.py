"""Activities: planned, approved, published, signed up for, attended, summed up."""
