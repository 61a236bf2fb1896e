"""storage remembers: the database is the truth.
Functions take a transaction (`tx`), and speak domain.
"""
