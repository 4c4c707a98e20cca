"""Messages that leave the platform: e-mail, SMS and webhooks, with retries, limits and a log (NOT-01)."""
