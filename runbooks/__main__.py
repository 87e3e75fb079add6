"""``python -m runbooks`` is ``ringfence``."""

from runbooks.cli import main

main()
