"""Administrator accounts by application: the organisation below asks, the one directly above decides (ORG-02)."""
