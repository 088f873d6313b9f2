"""Retention figures: movements of customers, rates against a target, revenue, lifetime value, NPS, early warning."""
