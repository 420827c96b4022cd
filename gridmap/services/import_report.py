"""What an import did, or why it did nothing: counts, rejected rows, dirt found and repaired."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from gridmap.model.errors import CoverageError, Fault, InputError
from gridmap.model.words import Language, Text, catalogue, words

SAID_ROWS: Final = 200
"""Rejected rows that an error and the log list; the report lists them all."""

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Rejected:
    """One thing that keeps a row out; a row may have several.

    Attributes
    ----------
    row
        Number of the row as people count: the first row of data is 1.
    field
        Field or column concerned; empty for the whole row.
    value
        What stood there, shortened.
    """

    row: int
    field: str
    value: str
    reason: str
    mend: str
    code: str

    def fault(self) -> Fault:
        """Say it as a fault of the file."""
        place = f"row {self.row}" + (f", {self.field}" if self.field else "")
        said = f"{self.reason}: “{self.value}”" if self.value else self.reason
        return Fault(place, said, self.mend, self.code)

    def said(self, lang: Language) -> str:
        """Say the reason in a language; in English where the catalogue has no other word for it."""
        text = catalogue().get(f"import.why_{self.code}")
        return self.reason if lang == "en" or text is None else text.zh


def rejection(position: int, name: str, value: str, reason: str, mend: str, code: str) -> Rejected:
    """Reject the row at a position, counted from 0; what stood there is shortened and made fit to print."""
    shown = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    return Rejected(int(position) + 1, name, "".join(c if c.isprintable() else "·" for c in shown), reason, mend, code)


@dataclass
class ImportReport:
    """What came of an import.

    Attributes
    ----------
    read
        Rows in the file.
    added, changed, unchanged
        Of the rows taken, what they meant for the store. In a dry run, what they would mean.
    retired
        For grids: how many leave force, because the file does not name them or they no longer fit.
    rejected
        Everything that keeps rows out, by row.
    written
        Whether anything was written: not after a dry run, nor when all was there already.
    mapping
        Which column of the file each field was read from.
    notes, warnings
        How the file was read; what somebody should look at.
    coverage, nesting, repair
        For grids: what was wrong at their level and towards the levels above and below, and every change made.
    """

    layer: str
    file: str
    datum: str
    encoding: str | None = None
    format: str = ""
    level: str | None = None
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    written: bool = False
    dry_run: bool = False
    generation: int | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    coverage: dict[str, Any] | None = None
    nesting: dict[str, Any] | None = None
    repair: dict[str, Any] | None = None

    @property
    def rejected_rows(self) -> int:
        """How many rows were kept out."""
        return len({each.row for each in self.rejected})

    def note(self, key: str, **values: Any) -> None:  # noqa: ANN401 - whatever can be formatted
        """Put a text of the catalogue on record."""
        self.notes.append(words(f"import.{key}", **values))

    def warn(self, key: str, **values: Any) -> None:  # noqa: ANN401 - whatever can be formatted
        """Warn with a text of the catalogue."""
        self.warnings.append(words(f"import.{key}", **values))

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data for JSON."""
        return {
            "layer": self.layer,
            "file": self.file,
            "format": self.format,
            "datum": self.datum,
            "encoding": self.encoding,
            "level": self.level,
            "mapping": self.mapping,
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "retired": self.retired,
            "rejected_rows": self.rejected_rows,
            "rejected": [asdict(each) for each in self.rejected],
            "written": self.written,
            "dry_run": self.dry_run,
            "generation": self.generation,
            "notes": [each.to_dict() for each in self.notes],
            "warnings": [each.to_dict() for each in self.warnings],
            "coverage": self.coverage,
            "nesting": self.nesting,
            "repair": self.repair,
        }

    def summary(self) -> dict[str, Any]:
        """Give the report without its long lists, for the log."""
        short = self.to_dict()
        short["rejected"] = short["rejected"][:SAID_ROWS]
        for part in ("coverage", "repair"):
            if short[part]:
                short[part] = {"counts": short[part]["counts"]}
        short.pop("nesting")
        return short


class RefusedImportError(InputError):
    """Nothing was written; the report tells all that is wrong."""

    def __init__(self, report: ImportReport, faults: Iterable[Fault]) -> None:
        listed = list(faults)
        super().__init__(listed, report.file)
        self.report = report

    @classmethod
    def by_rows(cls, report: ImportReport) -> "RefusedImportError":
        """Refuse because of rows; names the first and counts the rest."""
        faults = [each.fault() for each in report.rejected[:SAID_ROWS]]
        if len(report.rejected) > SAID_ROWS:
            faults.append(Fault("", f"and {len(report.rejected) - SAID_ROWS} more", "see the report", "more"))
        mend = "mend the file" if report.level else "mend the file, or import the good rows alone with --partial"
        faults.append(Fault("", f"{report.rejected_rows} of {report.read} rows are rejected", mend, "rejected"))
        return cls(report, faults)


class RefusedCoverageError(RefusedImportError, CoverageError):
    """Nothing was written: the grids are no clean coverage, or do not fit the levels above or below."""
