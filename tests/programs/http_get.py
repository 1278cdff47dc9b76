"""Fetch a URL over HTTP and write it out, once it can be reached: http_get.py URL [BYTES]"""

import sys
import time
import urllib.request

url, *limit = sys.argv[1:]
content = None
while content is None:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            content = answer.read(*map(int, limit))
    except OSError:
        time.sleep(0.5)
sys.stdout.buffer.write(content)
