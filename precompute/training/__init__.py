"""Trains a small audio spectrogram transformer on a probing dataset: what `and-precompute train` is made of."""
