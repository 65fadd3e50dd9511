"""Sort orders: the fewest moves, gaps between neighbors, floats."""
