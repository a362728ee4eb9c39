"""Everything about HTTP: the gate, signing in and out, downloads, health."""
