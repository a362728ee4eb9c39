"""Read FHIR resources. No module here reaches the store."""
