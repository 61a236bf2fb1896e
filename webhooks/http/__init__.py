"""What every view stands on: requests, problems, sessions, limits and caches."""
