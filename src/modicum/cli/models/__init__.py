"""Verbs that make models, change them and have them answer."""
