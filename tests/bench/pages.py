"""Write the pages in docs/, and the figures on them, from the records in docs/results.

    python -m tests.bench.pages

That they are what the records say is a test, not an option.
"""

from __future__ import annotations

from . import figures, schemes_page, simulation_page
from .report import DOCS

PAGES = (figures, schemes_page, simulation_page)


def main() -> None:
    """Write all of them."""
    for page in PAGES:
        for name, text in page.render().items():
            path = DOCS / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main()
