"""Verbs that work on the rows of a table: labels, copies, searches, topics."""
