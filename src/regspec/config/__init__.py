"""The configuration: a module per section of the YAML file, its reader and its manual."""
