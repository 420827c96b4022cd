// Which grids meet at each node and along each edge of a level, by exact coordinates: neighbours share their nodes.

const name = ([x, y]) => `${x},${y}`;
const edgeName = (a, b) => (name(a) < name(b) ? `${name(a)} ${name(b)}` : `${name(b)} ${name(a)}`);

function* rings(grid) {
  const { type, coordinates } = grid.geometry;
  for (const polygon of type === 'Polygon' ? [coordinates] : coordinates) yield* polygon;
}

export class Nodes {
  constructor(grids) {
    this.edges = new Map();
    this.meeting = new Map();
    this.outer = new Set();
    for (const grid of grids.filter(({ geometry }) => geometry)) for (const ring of rings(grid)) this.add(grid.id, ring);
    for (const { a, b, grids: owners } of this.edges.values()) {
      if (owners.length !== 1) continue;
      this.outer.add(name(a));
      this.outer.add(name(b));
    }
  }

  add(id, ring) {
    for (let i = 1; i < ring.length; i += 1) {
      const [a, b] = [ring[i - 1], ring[i]];
      const key = edgeName(a, b);
      if (!this.edges.has(key)) this.edges.set(key, { a, b, grids: [] });
      this.edges.get(key).grids.push(id);
      const at = name(a);
      if (!this.meeting.has(at)) this.meeting.set(at, new Set());
      this.meeting.get(at).add(id);
    }
  }

  // How many grids meet at a node; the ground outside counts as one.
  count(node) {
    return (this.meeting.get(name(node))?.size ?? 0) + (this.outer.has(name(node)) ? 1 : 0);
  }

  // The border of two grids as courses from node to node; a course that comes back to its start is closed.
  border(first, second) {
    const near = new Map();
    for (const { a, b, grids } of this.edges.values()) {
      if (!grids.includes(first) || !grids.includes(second)) continue;
      for (const [one, other] of [[a, b], [b, a]]) near.set(name(one), [...(near.get(name(one)) ?? []), other]);
    }
    const at = new Map([...near.keys()].map((key) => [key, key.split(',').map(Number)]));
    const used = new Set();
    const courses = [];
    const walk = (start) => {
      const course = [start];
      for (let here = start; ;) {
        const next = near.get(name(here)).find((each) => !used.has(edgeName(here, each)));
        if (!next) break;
        used.add(edgeName(here, next));
        course.push(next);
        here = next;
        if (near.get(name(here)).length !== 2) break;
      }
      if (course.length > 1) courses.push(course);
    };
    for (const [key, others] of near) if (others.length !== 2) others.forEach(() => walk(at.get(key)));
    for (const key of near.keys()) walk(at.get(key));
    return courses;
  }
}

// The nodes of a course, each with those beside it, and the middles between them.
export function handles(course) {
  const closed = name(course[0]) === name(course[course.length - 1]) && course.length > 2;
  const ring = closed ? course.slice(0, -1) : course;
  const beside = (i) => (closed ? ring[(i + ring.length) % ring.length] : ring[i]);
  const nodes = ring.map((at, i) => ({ at, before: beside(i - 1) ?? null, after: beside(i + 1) ?? null, middle: false }));
  const middles = course.slice(1).map((after, i) => {
    const before = course[i];
    return { at: [(before[0] + after[0]) / 2, (before[1] + after[1]) / 2], before, after, middle: true };
  });
  return [...nodes, ...middles];
}
