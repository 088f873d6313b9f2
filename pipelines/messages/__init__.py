"""What is said on the screen and in files beside it: lines, numbers in words, secrets masked."""
