"""The history of applies: the record of each run, and its JSON document."""
