"""What ops, metrics and exports read."""
