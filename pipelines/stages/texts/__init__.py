"""The stages of readers of texts, named as those of a model of churn; a spec's kind says which are run."""
