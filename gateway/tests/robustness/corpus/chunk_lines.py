"""RFC 9112 §7.1: each line of the chunked coding ends in CRLF, and so does a chunk's data; the tolerance for a bare
LF in §2.2 is for the start line and fields alone. §7.1.1: extensions that are not known are ignored, and are tokens
or quoted strings. The hidden requests are those of TERM.EXT and EXT.TERM: two readers disagree about where a chunk's
line ends."""

from .case import chunked, clean, reject, serve

NAME = "chunk lines"

END = b"0\r\n\r\n"
DATA = b"\r\nhello\r\n" + END


CASES = [
    serve("extension", chunked(b"5;name=value" + DATA), body=b"hello"),
    serve("extension-without-value", chunked(b"5;name" + DATA), body=b"hello"),
    serve("extension-quoted", chunked(b'5;name="a b;c"' + DATA), body=b"hello"),
    serve("extensions", chunked(b"5;a=1;b=2" + DATA), body=b"hello"),
    serve("extension-on-last", chunked(b"5\r\nhello\r\n0;last=yes\r\n\r\n"), body=b"hello"),
    clean("extension-with-spaces", chunked(b"5 ; name = value" + DATA), body=b"hello"),
    clean("extension-quoted-pair", chunked(b'5;name="a\\"b"' + DATA), body=b"hello"),
    clean("extension-of-4-kib", chunked(b"5;name=" + b"v" * 4096 + DATA), body=b"hello"),
    reject("extension-nul", chunked(b"5;na\0me" + DATA)),
    reject("extension-control", chunked(b"5;na\x01me" + DATA)),
    reject("extension-bare-cr", chunked(b"5;na\rme" + DATA)),
    reject("extension-bare-cr-last", chunked(b"5\r\nhello\r\n0;a\rb\r\n\r\n")),
    reject("extension-cr-cr-lf", chunked(b"5;name\r\r\nhello\r\n" + END)),
    reject("extension-without-name", chunked(b"5;=value" + DATA)),
    reject("extension-empty", chunked(b"5;" + DATA)),
    reject("extension-open-quote", chunked(b'5;name="value' + DATA)),
    reject("quote-holds-line", chunked(b'5;name="\r\nhello\r\n0\r\n\r\n"\r\nhello\r\n' + END), messages=2),
    # TERM.EXT: the front end ignores LF inside an extension, the back end takes it for the end of the line.
    reject("lf-in-extension", chunked(b"1;\nAA\r\n" + END)),
    reject("lf-in-extension-hides", chunked(b"5;\n@HIDDEN\r\nhello\r\n" + END)),
    reject("lf-ends-extension", chunked(b"5;name\nhello\r\n" + END)),
    # EXT.TERM: the front end takes LF for the end of the line, the back end does not.
    reject("lf-ends-size", chunked(b"5\nhello\r\n" + END)),
    reject("cr-ends-size", chunked(b"5\rhello\r\n" + END)),
    reject("lf-cr-ends-size", chunked(b"5\n\rhello\r\n" + END)),
    reject("cr-and-another-ends-size", chunked(b"5\rXhello\r\n" + END)),
    reject("cr-cr-ends-size", chunked(b"5\r\rhello\r\n" + END)),
    reject("lf-ends-data", chunked(b"5\r\nhello\n" + END)),
    reject("cr-ends-data", chunked(b"5\r\nhello\r" + END)),
    reject("lf-cr-ends-data", chunked(b"5\r\nhello\n\r" + END)),
    reject("cr-cr-ends-data", chunked(b"5\r\nhello\r\r" + END)),
    reject("two-others-end-data", chunked(b"5\r\nhelloXY" + END)),
    reject("nothing-ends-data", chunked(b"5\r\nhello" + END)),
    reject("blank-line-between", chunked(b"5\r\nhello\r\n\r\n" + END)),
    reject("lf-ends-last", chunked(b"5\r\nhello\r\n0\n\r\n")),
    reject("lf-lf-ends-last", chunked(b"5\r\nhello\r\n0\n\n")),
    reject("lf-ends-body", chunked(b"5\r\nhello\r\n0\r\n\n")),
    reject("cr-ends-last", chunked(b"5\r\nhello\r\n0\r\r\n")),
    reject("no-blank-line", chunked(b"5\r\nhello\r\n0\r\n")),
    reject("no-blank-line-hides", chunked(b"5\r\nhello\r\n0\r\n@HIDDEN")),
    reject("spill-hides", chunked(b"5\r\nhelloX\r\n@HEX\r\n@HIDDEN\r\n" + END)),
]
