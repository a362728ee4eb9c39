"""FHIR resources, read: no module here reaches the store."""
