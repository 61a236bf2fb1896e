"""Cronofy: the client, what it says in our words (`wire`), and the errors it makes."""
