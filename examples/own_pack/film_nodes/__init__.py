"""What film does to a picture."""
