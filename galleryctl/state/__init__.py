"""What is remembered between runs: the state document, the journal of a run, where both live, and the lock."""
