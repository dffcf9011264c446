"""What is made of a file part by part, so that a killed run goes on where it was."""
