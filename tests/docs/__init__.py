"""The manual: what of it is written from the code, and that all of it is true."""
