"""Who may do what: Casbin says what roles mean, rows say who holds them where."""
