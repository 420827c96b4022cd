"""What an import did, or why it did nothing: counts, rejected rows, dirt found and repaired."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gridmap.model.errors import Fault, InputError

SAID_ROWS = 200
"""Rejected rows that an error lists; the report lists them all."""


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
        said = f"{self.reason}: {self.value!r}" if self.value else self.reason
        return Fault(place, said, self.mend, self.code)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "reason": self.reason,
            "mend": self.mend,
            "code": self.code,
        }


@dataclass
class ImportReport:
    """What came of an import.

    Attributes
    ----------
    read
        Rows in the file.
    added, changed, unchanged
        Of the rows taken, what they meant for the store.
    rejected
        Everything that keeps rows out.
    written
        Whether anything was written: not after a dry run, nor when all was there already.
    mapping
        Which column of the file each field was read from.
    coverage, nesting, repair
        For grids: what was wrong, and every change that made it right.
    """

    layer: str
    file: str
    datum: str
    encoding: str | None = None
    format: str = ""
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    written: bool = False
    dry_run: bool = False
    generation: int | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    coverage: dict[str, Any] | None = None
    repair: dict[str, Any] | None = None

    @property
    def rejected_rows(self) -> int:
        """How many rows were kept out."""
        return len({each.row for each in self.rejected})

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data for JSON."""
        return {
            "layer": self.layer,
            "file": self.file,
            "format": self.format,
            "datum": self.datum,
            "encoding": self.encoding,
            "mapping": self.mapping,
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected_rows": self.rejected_rows,
            "rejected": [each.to_dict() for each in self.rejected],
            "written": self.written,
            "dry_run": self.dry_run,
            "generation": self.generation,
            "notes": self.notes,
            "warnings": self.warnings,
            "coverage": self.coverage,
            "repair": self.repair,
        }

    def summary(self) -> dict[str, Any]:
        """Give the report without its long lists, for the log."""
        short = self.to_dict()
        short["rejected"] = short["rejected"][:SAID_ROWS]
        if self.coverage:
            short["coverage"] = {"counts": self.coverage["counts"]}
        if self.repair:
            short["repair"] = {"counts": self.repair["counts"]}
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
        mend = "mend the file, or import the good rows alone with --partial"
        faults.append(Fault("", f"{report.rejected_rows} of {report.read} rows are rejected", mend, "rejected"))
        return cls(report, faults)
