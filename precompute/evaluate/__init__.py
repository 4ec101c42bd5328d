"""Tables of the paper, computed from a published store: a module each, and the commands that print them."""
