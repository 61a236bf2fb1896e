"""webhooks answer: everything that speaks HTTP to whoever calls us, and the command line."""
