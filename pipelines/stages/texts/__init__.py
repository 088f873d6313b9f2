"""The stages of readers of texts, which bear the names of those of a model of churn; a spec's kind says which are run."""
