"""The randomised draw of a round: who is withheld, whose action is drawn, with which probability, what it can show."""
