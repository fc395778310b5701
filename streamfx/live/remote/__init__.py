"""What the client is made of: its control channel, what it sends, what it is sent."""
