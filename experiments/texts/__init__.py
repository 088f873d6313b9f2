"""Text classifiers, called readers: training on labelled texts for class and sentiment, topics, and evaluation."""
