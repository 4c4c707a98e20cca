"""What it costs: ratios measured in one run, printed as a table; see README.md."""
