"""`and-precompute report RUN`: what a run found, as one HTML file that needs neither a server nor a network."""
