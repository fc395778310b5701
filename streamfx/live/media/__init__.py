"""Pictures and sound on their way between the network, the graph and files."""
