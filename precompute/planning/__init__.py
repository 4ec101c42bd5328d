"""What a run will take, before anything runs."""
