"""Output for people: terminal lines, numbers in words, masked secrets."""
