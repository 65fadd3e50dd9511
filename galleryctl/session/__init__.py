"""Sessions: a workspace opened, its site reached, and the operations on it; nothing here prints."""
