"""The library behind Billing Tasks: modules are nouns, functions are verbs."""
