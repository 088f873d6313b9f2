"""What came back of rounds: what was done, who opted out, who left, and whether it helped."""
