"""The typed client of `deploy/client`, and what others generate from the OpenAPI document."""
