"""Side-by-side runs and measurements, one command each."""
