"""The stages, one file each, named as in the paper where the paper names them."""
