"""Loading the invented demo city, for the commands that need it."""

from gridmap.cli.console import database_of, errors, language, output
from gridmap.model.words import say
from gridmap.services.demo import load


def load_demo(seed: int, scale: int) -> None:
    """Load the invented city unless it is there, and say so."""
    lang = language()
    database = database_of("demo")
    try:
        with errors.status(say("demo.loading", lang)):
            report = load(database, seed, scale)
    finally:
        database.close()
    output.print(say("demo.loaded" if report.added else "demo.there", lang, **report.counts), highlight=False)
