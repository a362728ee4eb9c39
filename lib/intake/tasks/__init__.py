"""What a file makes of our tasks: new ones, later messages about open ones, money taken back."""
