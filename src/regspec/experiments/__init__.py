"""What is done with the model: a zone's problem and solution, its files, its content key, the solve step."""
