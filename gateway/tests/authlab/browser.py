"""The user's browser without a screen: follows redirects with cookies until one leads to a page."""

import sys
import urllib.request

browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
browser.open(sys.argv[1], timeout=10).close()
