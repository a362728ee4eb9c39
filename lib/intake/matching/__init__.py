"""Which of our charges a message is about, by numbers and facts."""
