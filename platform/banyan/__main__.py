"""``python -m banyan`` is the command ``banyan``."""

from banyan.cli import main

main(prog_name="banyan")
