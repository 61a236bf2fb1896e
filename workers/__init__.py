"""workers act: everything that happens later or reaches out,
and the wiring of it all (`bootstrap`).
"""
