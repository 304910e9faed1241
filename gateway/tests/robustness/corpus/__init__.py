"""The corpus: hostile HTTP/1 requests, a module for each class with the sections of the RFCs that its rules follow."""

from . import (
    chunk_lines,
    chunk_size,
    content_length,
    expectations,
    header_names,
    header_values,
    hosts,
    length_and_coding,
    limits,
    lines,
    pipelines,
    request_line,
    trailers,
    transfer_encoding,
    tunnels,
    versions,
)

# The classes, and how many cases each has at least.
CLASSES = {
    content_length: 20,
    length_and_coding: 24,
    transfer_encoding: 30,
    chunk_size: 24,
    chunk_lines: 24,
    trailers: 16,
    versions: 16,
    request_line: 30,
    header_names: 24,
    header_values: 24,
    lines: 24,
    hosts: 20,
    expectations: 12,
    tunnels: 14,
    pipelines: 16,
    limits: 16,
}
