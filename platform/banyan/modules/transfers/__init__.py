"""Transfers: a member goes from one organisation to another, each side answering for itself."""
