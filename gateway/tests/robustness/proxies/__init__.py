"""Other proxies, each with a plain configuration: the three upstreams by path, connections to them kept alive, defaults
otherwise, and what its documentation recommends for the edge where that is a line."""
