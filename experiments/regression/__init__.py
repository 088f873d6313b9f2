"""The computations of the logistic family: sparse encoding, ridge and lasso."""
