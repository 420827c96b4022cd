// Names over the data: chosen by zoom, placed by rank, and never one over another.

import { COLOURS, DOT_ZOOM } from 'gridmap/base';
import { meets } from 'gridmap/space';

const FAMILY = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
const HAN = /[\u3400-\u9fff]/;
const MOST = 400;
const TWICE = 320;

const STYLES = {
  district: { size: 17, weight: 700, colour: '#20262e', spaced: 4 },
  subdistrict: { size: 16, weight: 700, colour: '#20262e', spaced: 4 },
  block: { size: 15, weight: 700, colour: '#2b3440', spaced: 2 },
  neighbourhood: { size: 13.5, weight: 600, colour: '#2b3440', spaced: 0.5 },
  microgrid: { size: 12, weight: 500, colour: '#46505c', spaced: 0 },
  road: { size: 12, weight: 400, colour: '#6b655a', spaced: 1 },
  arterial: { size: 13, weight: 500, colour: '#57524a', spaced: 2 },
  building: { size: 12, weight: 400, colour: '#7b7365', spaced: 0 },
  tower: { size: 12, weight: 500, colour: '#5f584c', spaced: 0 },
  green: { size: 12, weight: 400, colour: '#5c7a4b', spaced: 0.5 },
  water: { size: 12, weight: 400, colour: '#4f7f9b', spaced: 1 },
  compound: { size: 12, weight: 400, colour: '#8a7f6c', spaced: 0 },
  shop: { size: 12, weight: 400, colour: '#2f5b78', spaced: 0 },
};

const widths = new Map();

function measure(ctx, text, style) {
  const key = `${style.size}/${style.weight}/${style.spaced}/${text}`;
  if (!widths.has(key)) {
    set(ctx, style);
    widths.set(key, ctx.measureText(text).width);
  }
  return widths.get(key);
}

function set(ctx, style) {
  ctx.font = `${style.weight} ${style.size}px ${FAMILY}`;
  if ('letterSpacing' in ctx) ctx.letterSpacing = `${style.spaced}px`;
}

// Fonts that arrive late change every width.
export function forgetWidths() {
  widths.clear();
}

class Board {
  constructor(size) {
    this.size = size;
    this.cells = new Map();
  }

  // Takes boxes [x1, y1, x2, y2] if all are free; else takes none.
  take(boxes) {
    for (const box of boxes) for (const cell of this.over(box)) {
      for (const other of this.cells.get(cell) ?? []) if (meets(box, other)) return false;
    }
    for (const box of boxes) for (const cell of this.over(box)) {
      this.cells.set(cell, [...(this.cells.get(cell) ?? []), box]);
    }
    return true;
  }

  * over([x1, y1, x2, y2]) {
    for (let i = Math.floor(x1 / 64); i <= Math.floor(x2 / 64); i += 1) {
      for (let j = Math.floor(y1 / 64); j <= Math.floor(y2 / 64); j += 1) yield `${i}/${j}`;
    }
  }
}

export function paintNames(ctx, view, scene) {
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  const board = new Board(view.size);
  const said = new Map();
  let count = 0;
  for (const name of wanted(scene, view)) {
    if (count >= MOST) break;
    if (!name.along && near(said, name, view)) continue;
    if (name.along ? street(ctx, view, board, name) : spot(ctx, view, board, name)) count += 1;
  }
  if ('letterSpacing' in ctx) ctx.letterSpacing = '0px';
}

// A park in three pieces is named once; the same name far off is another place.
function near(said, { text, at: place }, view) {
  const [x, y] = view.screen(place);
  const others = said.get(text) ?? [];
  if (others.some(([ox, oy]) => Math.hypot(ox - x, oy - y) < TWICE)) return true;
  said.set(text, [...others, [x, y]]);
  return false;
}

// All names that this zoom may show, the most important first.
function* wanted({ levels, level, selected, places, hidden, figures }, view) {
  const on = (kind) => (hidden.has(kind) ? [] : (places[kind] ?? []).filter((f) => f.name && meets(f.box, view.box)));
  const owner = selected[selected.length - 1];
  if (owner) yield gridName(owner, true, figures);
  const last = levels.findIndex((one) => one.key === level);
  for (const [i, one] of levels.entries()) {
    if (i > last) break;
    if (figures && one.key !== figures.level) continue;
    // A level's names give way to those of the level below as its grids outgrow the view.
    const finer = levels[i + 1];
    if (i < last && finer && finer.typical * view.k > 190) continue;
    const small = one.typical * view.k < 90;
    for (const grid of one.grids) {
      if (grid !== owner && grid.name && meets(grid.box, view.box)) yield gridName(grid, false, i === last ? figures : null, small);
    }
  }
  const { zoom } = view;
  const roads = on('road');
  if (zoom >= 14) yield* roads.filter((f) => f.class === 'arterial').map((f) => along(f, STYLES.arterial));
  if (zoom >= 15.25) yield* roads.filter((f) => (f.class ?? 'street') === 'street').map((f) => along(f, STYLES.road));
  if (zoom >= 14.5) yield* [...on('water').map((f) => at(f, STYLES.water)), ...on('green').map((f) => at(f, STYLES.green))];
  const buildings = on('building');
  if (zoom >= 16.25) yield* buildings.filter((f) => f.tower).map((f) => at(f, STYLES.tower));
  if (zoom >= 16.75) yield* on('compound').map((f) => at(f, STYLES.compound));
  if (zoom >= 17) yield* roads.filter((f) => f.class === 'lane').map((f) => along(f, STYLES.road));
  if (zoom >= 17.5) yield* buildings.filter((f) => !f.tower).map((f) => at(f, STYLES.building));
  if (zoom >= Math.max(18.5, DOT_ZOOM.shop)) yield* on('shop').map((f) => at(f, STYLES.shop, 12));
}

function gridName(grid, chosen, figures, small = false) {
  const full = STYLES[grid.level] ?? STYLES.microgrid;
  const style = small ? { ...full, size: 12, spaced: 0 } : full;
  const value = figures?.values[grid.id];
  return {
    text: grid.name,
    second: value === undefined ? '' : value.toLocaleString(),
    at: grid.at,
    style: chosen ? { ...style, weight: 700, colour: COLOURS.mark, size: Math.max(style.size, 14) } : style,
    halo: 4,
    room: chosen ? null : grid.box,
  };
}

function at(feature, style, down = 0) {
  return { text: feature.name, at: feature.at, style, halo: 3, down, room: down ? null : feature.box };
}

function along(feature, style) {
  return { text: feature.name, along: feature.parts, style, halo: 3 };
}

function spot(ctx, view, board, { text, second, at: place, style, halo, down = 0, room }) {
  const width = measure(ctx, text, style);
  // A name wider than what it names by a half says more about its neighbours.
  if (room && (room[2] - room[0]) * view.k * 1.5 < width) return false;
  const [x, y] = view.screen(place);
  const tall = style.size * (second ? 2.3 : 1.25);
  if (!board.take([[x - width / 2 - 3, y + down - tall / 2, x + width / 2 + 3, y + down + tall / 2]])) {
    // Where a grid's name finds no room, its figure still may.
    return second ? spot(ctx, view, board, { text: second, at: place, style: { ...style, weight: 700, size: Math.min(style.size, 13), spaced: 0 }, halo }) : false;
  }
  const lift = second ? style.size * 0.6 : 0;
  write(ctx, text, x, y + down - lift, style, halo);
  if (second) write(ctx, second, x, y + lift, { ...style, weight: 700, size: style.size, spaced: 0 }, halo);
  return true;
}

function write(ctx, text, x, y, style, halo) {
  set(ctx, style);
  ctx.strokeStyle = 'rgba(255, 255, 255, 0.88)';
  ctx.lineWidth = halo;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = style.colour;
  ctx.fillText(text, x, y);
}

const APART = 520;

// A street's name follows the street; Chinese stands upright where the street runs north.
function street(ctx, view, board, { text, along: parts, style, halo }) {
  const width = measure(ctx, text, style);
  let placed = false;
  for (const [line] of parts) {
    const points = [];
    for (let i = 0; i < line.length; i += 2) points.push(view.screen([line[i], line[i + 1]]));
    const reach = lengths(points);
    const total = reach[reach.length - 1];
    if (total < width * 1.15) continue;
    const count = Math.max(1, Math.floor(total / APART));
    for (let i = 0; i < count; i += 1) {
      for (const shift of [0, -0.2, 0.2]) {
        const middle = ((i + 0.5 + shift) * total) / count;
        if (follow(ctx, view, board, points, reach, middle, text, width, style, halo)) {
          placed = true;
          break;
        }
      }
    }
  }
  return placed;
}

function lengths(points) {
  const reach = [0];
  for (let i = 1; i < points.length; i += 1) {
    reach.push(reach[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
  }
  return reach;
}

function walk(points, reach, distance) {
  let i = 1;
  while (i < reach.length - 1 && reach[i] < distance) i += 1;
  const t = (distance - reach[i - 1]) / (reach[i] - reach[i - 1] || 1);
  return [points[i - 1][0] + t * (points[i][0] - points[i - 1][0]), points[i - 1][1] + t * (points[i][1] - points[i - 1][1])];
}

function follow(ctx, view, board, points, reach, middle, text, width, style, halo) {
  const [from, to] = [middle - width / 2, middle + width / 2];
  if (from < 0 || to > reach[reach.length - 1]) return false;
  const [a, b, m] = [walk(points, reach, from), walk(points, reach, to), walk(points, reach, middle)];
  if (m[0] < 0 || m[1] < 0 || m[0] > view.size.x || m[1] > view.size.y) return false;
  if (Math.hypot(b[0] - a[0], b[1] - a[1]) < width * 0.96) return false;
  let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  if (angle > Math.PI / 2) angle -= Math.PI;
  if (angle < -Math.PI / 2) angle += Math.PI;
  const upright = HAN.test(text) && Math.abs(angle) > 0.85;
  const letters = [...text];
  const half = style.size * 0.62;
  const boxes = letters.map((_, i) => {
    const [x, y] = walk(points, reach, from + ((i + 0.5) * width) / letters.length);
    return [x - half, y - half, x + half, y + half];
  });
  if (!board.take(boxes)) return false;
  if (upright) {
    const down = b[1] > a[1] ? letters : [...letters].reverse();
    down.forEach((letter, i) => {
      const [x, y] = walk(points, reach, from + ((i + 0.5) * width) / letters.length);
      write(ctx, letter, x, y, { ...style, spaced: 0 }, halo);
    });
    return true;
  }
  ctx.save();
  ctx.translate(m[0], m[1]);
  ctx.rotate(angle);
  write(ctx, text, 0, 0, style, halo);
  ctx.restore();
  return true;
}
