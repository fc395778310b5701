"""Live: a camera or a stream through a graph and back, over WebRTC."""
