"""The data kept between runs: the state file, the journal of a run, their storage, and the lock."""
