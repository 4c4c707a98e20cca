"""The steps of an import, in their order: `uploading`, `matching`, `checking`, `writing`."""
