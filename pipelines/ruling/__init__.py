"""The rules' interface: what a promotion rule is, the evidence it sees, and the possible verdicts."""
