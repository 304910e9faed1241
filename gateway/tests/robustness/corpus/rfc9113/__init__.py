"""Conformance to RFC 9113 and RFC 7541, as far as a client can see it."""

from . import (
    compression,
    flow_control,
    frame_format,
    frames_of_connections,
    frames_of_streams,
    messages,
    starting,
    streams,
)

CASES = [
    *starting.CASES,
    *frame_format.CASES,
    *streams.CASES,
    *frames_of_streams.CASES,
    *frames_of_connections.CASES,
    *flow_control.CASES,
    *messages.CASES,
    *compression.CASES,
]
