"""Live sessions: who publishes, who watches, and what runs in between."""
