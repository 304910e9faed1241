"""HTTP/2 by hand: every frame that can be written, whether or not it may be."""
