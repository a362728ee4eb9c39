"""What a file makes of our charges: new ones, replacements, and the charge of each task."""
