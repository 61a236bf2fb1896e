"""One module for each table: what its rows say, and the smallest changes to them."""
