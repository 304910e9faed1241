"""Upstreams: servers of the harness that a proxy sends requests to, each with its own way of reading."""
