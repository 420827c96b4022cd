"""Posts, those who hold them, and the ladder that finds who answers when nobody does.

A post is an office over a subject (a grid, a building). People come and go through assignments; a post without
one is vacant. `Roster.answerable` walks the ladder: the post itself, the next rank on the same subject, then the
posts of the grid above, until somebody is there; the answer names whom that person stands in for and why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gridmap.model.words import Text, words

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or a team; `phone` is already masked."""

    id: int
    kind: str
    name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of time; None as the end means open."""

    start: datetime
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether the instant lies in the range: start included, end not."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Post:
    """An office over a subject; rank 1 answers first.

    Attributes
    ----------
    subject_kind, subject
        ``grid`` or ``building`` and its id.
    """

    id: int
    kind: str
    rank: int
    subject_kind: str
    subject: int
    title: Text


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for a subject, and how that was found.

    Attributes
    ----------
    holder
        None when the whole ladder is vacant.
    stands_in_for
        The post that should have answered, None when it did itself.
    reason
        Why that one does not answer: vacant or absent, with the dates where they are known.
    """

    post: Post
    holder: Holder | None
    stands_in_for: Post | None = None
    absent: Holder | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """All posts with their assignments and absences, as one snapshot holds them.

    Attributes
    ----------
    by_subject
        Posts by (subject kind, subject id), lowest rank first.
    assignments
        Holder id and span by post id.
    absences
        Span and reason by holder id.
    """

    by_subject: dict[tuple[str, int], tuple[Post, ...]] = field(default_factory=dict)
    holders: dict[int, Holder] = field(default_factory=dict)
    assignments: dict[int, tuple[tuple[int, Span], ...]] = field(default_factory=dict)
    absences: dict[int, tuple[tuple[Span, str], ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        posts: Iterable[Post],
        holders: Iterable[Holder],
        assignments: Iterable[tuple[int, int, Span]],
        absences: Iterable[tuple[int, Span, str]],
    ) -> "Roster":
        """Arrange rows of the store: assignments as (post, holder, span), absences as (holder, span, reason)."""
        by_subject: dict[tuple[str, int], list[Post]] = {}
        for post in posts:
            by_subject.setdefault((post.subject_kind, post.subject), []).append(post)
        held: dict[int, list[tuple[int, Span]]] = {}
        for post_id, holder_id, span in assignments:
            held.setdefault(post_id, []).append((holder_id, span))
        away: dict[int, list[tuple[Span, str]]] = {}
        for holder_id, span, reason in absences:
            away.setdefault(holder_id, []).append((span, reason))
        return cls(
            {k: tuple(sorted(v, key=lambda p: (p.rank, p.id))) for k, v in by_subject.items()},
            {holder.id: holder for holder in holders},
            {k: tuple(v) for k, v in held.items()},
            {k: tuple(v) for k, v in away.items()},
        )

    def holders_of(self, post: Post, at: datetime) -> list[Holder]:
        """Return those assigned to the post at that instant, present or not, by id."""
        ids = sorted(holder for holder, span in self.assignments.get(post.id, ()) if span.holds(at))
        return [self.holders[holder] for holder in ids]

    def absence(self, holder: Holder, at: datetime) -> tuple[Span, str] | None:
        """Return the absence that keeps the holder away at that instant, if any."""
        for span, reason in self.absences.get(holder.id, ()):
            if span.holds(at):
                return span, reason
        return None

    def answerable(self, ladder: Sequence[tuple[str, int]], at: datetime) -> Answerable | None:
        """Find who answers for the first subject of a ladder that has posts at all.

        Parameters
        ----------
        ladder
            Subjects as (kind, id), the nearest first: the micro-grid, then its parents up to the top.
        at
            The instant asked about.

        Returns
        -------
        The one who answers; None when no subject of the ladder has a post.
        """
        rungs = [post for subject in ladder for post in self.by_subject.get(subject, ())]
        if not rungs:
            return None
        first = rungs[0]
        missing: Text | None = None
        absent: Holder | None = None
        for post in rungs:
            assigned = self.holders_of(post, at)
            present = [holder for holder in assigned if self.absence(holder, at) is None]
            if present and post is first:
                return Answerable(post, present[0])
            if present:
                return Answerable(post, present[0], first, absent, missing)
            if post is first:
                missing, absent = self._missing(assigned, at)
        return Answerable(first, None, None, absent, missing)

    def settled(self, ladder: Sequence[tuple[str, int]], at: datetime) -> Span:
        """Give the range around an instant in which `answerable` says the same of a ladder.

        Who answers changes only where an assignment to one of its posts, or an absence of those assigned, begins or
        ends.
        """
        posts = [post.id for subject in ladder for post in self.by_subject.get(subject, ())]
        assigned = [each for post in posts for each in self.assignments.get(post, ())]
        spans = [span for _, span in assigned]
        spans += [span for holder, _ in assigned for span, _ in self.absences.get(holder, ())]
        bounds = [bound for span in spans for bound in (span.start, span.end) if bound is not None]
        since = max((bound for bound in bounds if bound <= at), default=_EVER)
        return Span(since, min((bound for bound in bounds if bound > at), default=None))

    def _missing(self, assigned: list[Holder], at: datetime) -> tuple[Text, Holder | None]:
        if not assigned:
            return words("owner.vacant"), None
        away = self.absence(assigned[0], at)
        reason = away[1] if away else ""
        return words("owner.absent", name=assigned[0].name, reason=reason), assigned[0]
