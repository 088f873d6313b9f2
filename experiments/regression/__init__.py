"""The logistic family's arithmetic: columns encoded as sparse terms, ridge and lasso."""
