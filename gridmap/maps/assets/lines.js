// Grid lines. Neighbours share their edges, and a level shares most of its edges with the level above: every
// stretch is drawn once, in the style of the highest level that it belongs to, so that dashes stay dashes.

import { COLOURS } from 'gridmap/base';
import { inPlane } from 'gridmap/canvas';
import { meets } from 'gridmap/space';

const INK = COLOURS.ink;

function key(x1, y1, x2, y2) {
  const a = `${x1.toFixed(2)},${y1.toFixed(2)}`;
  const b = `${x2.toFixed(2)},${y2.toFixed(2)}`;
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

// Levels top first; gives each one `mesh`, the path of the edges that no level above has, and `typical`, the side of
// its usual grid.
export function mesh(levels) {
  const taken = new Set();
  for (const level of levels) {
    const own = [];
    for (const grid of level.grids) for (const rings of grid.parts) for (const ring of rings) {
      for (let i = 2; i < ring.length; i += 2) {
        const name = key(ring[i - 2], ring[i - 1], ring[i], ring[i + 1]);
        if (taken.has(name)) continue;
        taken.add(name);
        own.push([ring[i - 2], ring[i - 1], ring[i], ring[i + 1]]);
      }
    }
    level.mesh = chain(own);
    level.typical = typical(level.grids);
  }
}

function typical(grids) {
  if (!grids.length) return 0;
  return grids.reduce((sum, { box }) => sum + Math.sqrt((box[2] - box[0]) * (box[3] - box[1])), 0) / grids.length;
}

// Joins loose edges end to end: a dash pattern must run on round the corners.
function chain(edges) {
  const ends = new Map();
  const name = (x, y) => `${x.toFixed(2)},${y.toFixed(2)}`;
  edges.forEach(([x1, y1, x2, y2], i) => {
    for (const end of [name(x1, y1), name(x2, y2)]) ends.set(end, [...(ends.get(end) ?? []), i]);
  });
  const used = new Uint8Array(edges.length);
  const path = new Path2D();
  const walk = (start, from) => {
    let [edge, here] = [start, from];
    for (;;) {
      used[edge] = 1;
      const [x1, y1, x2, y2] = edges[edge];
      const forward = name(x1, y1) === here;
      const [x, y] = forward ? [x2, y2] : [x1, y1];
      path.lineTo(x, y);
      here = name(x, y);
      const next = ends.get(here);
      const free = next.length === 2 ? next.find((i) => !used[i]) : undefined;
      if (free === undefined) return;
      edge = free;
    }
  };
  const begin = (i, x, y) => {
    path.moveTo(x, y);
    walk(i, name(x, y));
  };
  edges.forEach(([x1, y1, x2, y2], i) => {
    if (used[i]) return;
    if (ends.get(name(x1, y1)).length !== 2) begin(i, x1, y1);
    else if (ends.get(name(x2, y2)).length !== 2) begin(i, x2, y2);
  });
  edges.forEach(([x1, y1], i) => {
    if (!used[i]) begin(i, x1, y1);
  });
  return path;
}

// Lines grow with the zoom, and thin out where their grids are small on the screen.
function grow({ zoom, k }, { typical: side }) {
  const near = Math.max(0.55, Math.min(1.5, 0.75 + (zoom - 14) * 0.15));
  return Math.min(near, Math.max(0.3, (side * k) / 90));
}

// Draws the lines of `level` and of all above it; `selected` are the grid that owns and its parents.
export function paintLines(ctx, view, { levels, level, selected }) {
  const last = levels.findIndex((one) => one.key === level);
  const shown = last < 0 ? [] : levels.slice(0, last + 1);
  inPlane(ctx, view, (px) => {
    ctx.lineJoin = 'round';
    owner(ctx, selected, px);
    for (const one of [...shown].reverse()) {
      const width = one.line_px * grow(view, one);
      ctx.setLineDash([]);
      ctx.lineCap = 'round';
      ctx.strokeStyle = 'rgba(255, 255, 255, 0.72)';
      ctx.lineWidth = (width + 2) * px;
      ctx.stroke(one.mesh);
    }
    for (const one of [...shown].reverse()) {
      const width = one.line_px * grow(view, one);
      ctx.lineCap = one.dashed ? 'butt' : 'round';
      ctx.setLineDash(one.dashed ? [5 * px, 3 * px] : []);
      ctx.strokeStyle = INK;
      ctx.globalAlpha = one.dashed ? 0.85 : 0.9;
      ctx.lineWidth = Math.max(width, 0.6) * px;
      ctx.stroke(one.mesh);
    }
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    outlines(ctx, selected, px);
  });
}

// The owning grid lights up, ...
function owner(ctx, selected, px) {
  const grid = selected[selected.length - 1];
  if (!grid) return;
  ctx.fillStyle = 'rgba(29, 111, 165, 0.20)';
  ctx.fill(grid.path, 'evenodd');
  ctx.strokeStyle = 'rgba(29, 111, 165, 0.25)';
  ctx.lineWidth = 9 * px;
  ctx.stroke(grid.path);
}

// ... with its parents' outlines, fainter the farther up.
function outlines(ctx, selected, px) {
  selected.forEach((grid, i) => {
    const up = selected.length - 1 - i;
    ctx.strokeStyle = COLOURS.mark;
    ctx.globalAlpha = up === 0 ? 1 : Math.max(0.35, 0.75 - 0.12 * up);
    ctx.lineWidth = (up === 0 ? 3 : 2) * px;
    ctx.stroke(grid.path);
  });
  ctx.globalAlpha = 1;
}

export function paintClasses(ctx, view, { grids, figures, strength = 0.82 }) {
  ctx.globalAlpha = strength;
  for (const grid of grids) {
    if (!meets(grid.box, view.box)) continue;
    const value = figures.values[grid.id];
    ctx.fillStyle = value === undefined ? '#d9d7d1' : colourOf(figures, value);
    ctx.fill(grid.path, 'evenodd');
  }
  ctx.globalAlpha = 1;
}

export function colourOf(figures, value) {
  const inner = figures.limits.slice(1, -1);
  let place = 0;
  while (place < inner.length && value >= inner[place]) place += 1;
  return figures.colours[place];
}
