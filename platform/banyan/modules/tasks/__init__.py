"""Long work as people see it: progress, cancelling, results; exports of every list; what is done and purged by rule."""
