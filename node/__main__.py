"""`python -m node` is `assay`."""

from .cli import main

main()
