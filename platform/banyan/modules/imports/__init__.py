"""Imports as people see them: template, upload, matching of columns, checked preview, writing, record of imports."""
