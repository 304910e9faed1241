"""The corpus of HTTP/2: hostile requests before a proxy that passes them on over HTTP/1.1, a module for each class."""

from . import (
    authorities,
    connection_fields,
    content_lengths,
    cookies,
    field_names,
    field_values,
    library,
    methods,
    pseudo_fields,
    targets,
    trailers,
    tunnels,
)

# The classes, and how many cases each has at least.
CLASSES = {
    pseudo_fields: 30,
    methods: 20,
    targets: 40,
    authorities: 35,
    field_names: 60,
    field_values: 40,
    connection_fields: 30,
    content_lengths: 40,
    tunnels: 12,
    cookies: 12,
    trailers: 20,
    library: 7,
}
