"""One remote peer over WebRTC: what aiortc does, with its limits lifted."""
