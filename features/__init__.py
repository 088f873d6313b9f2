"""What a customer looks like: sources, tables, history, features and labels. Pure: it imports nothing else of ours."""
