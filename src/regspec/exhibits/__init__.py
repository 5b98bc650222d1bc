"""The registry of exhibits, and the printers of tables and figures."""
