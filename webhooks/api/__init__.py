"""The API for the platform and the pushes of Cronofy: one module for each noun."""
