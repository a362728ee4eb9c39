"""What is HTTP: the gate, signing in and out, document downloads, health."""
