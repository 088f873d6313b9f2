"""The data of a customer: sources, canonical tables, history, features, labels. Imports no package of ours."""
