"""What comes in and goes out, typed, as the OpenAPI document says it."""
