"""How files are read and written here: atomic, stamped, checked against a schema, with a remedy in every error."""
