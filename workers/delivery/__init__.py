"""The outbox, delivered: one delivery and its ends; mails, calendar writes, webhooks."""
