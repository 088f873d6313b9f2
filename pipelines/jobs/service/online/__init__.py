"""What the newest data and events since say of few customers: features, score, warnings, advice."""
