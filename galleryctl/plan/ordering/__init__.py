"""Sort orders: the fewest moves, gaps between neighbours, floats."""
