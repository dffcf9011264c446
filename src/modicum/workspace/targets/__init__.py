"""What else than one class a row can be learnt: several labels, or a number. One file per kind, one flow for both."""
