"""The small library behind Billing Tasks: nouns are modules, verbs are functions."""
