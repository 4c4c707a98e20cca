"""The console's shell: base templates, macros, forms, lists, charts, static files. Knows no module."""
