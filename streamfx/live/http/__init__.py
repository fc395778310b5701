"""What the server answers: the page, WHIP, WHEP, the control socket, health and metrics."""
