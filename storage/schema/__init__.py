"""How rows are kept: engines, tables, sealed columns, leases, and what is asked without an ORM."""
