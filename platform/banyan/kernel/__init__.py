"""The kernel knows no business: database, scope, context, errors, events, jobs, files, lists, languages."""
