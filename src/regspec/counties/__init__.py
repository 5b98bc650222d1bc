"""The step ``counties``: writes the tables of county files (:mod:`regspec.data.counties`) and their exhibits."""
