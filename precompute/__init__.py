"""Dissects audio networks: the pipeline and its command line."""
