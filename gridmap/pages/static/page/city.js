// What the map is drawn from: the scheme's levels once, places cell by cell as they come into view.

import { all, get } from 'page/api';
import { said } from 'gridmap/words';

const NEAR = 0.01; // side of a cell in degrees, about a kilometre
const FAR = 0.16; // the same for views of a whole city
const FAR_ZOOM = 13;
const PAGE = 2000;
const MOST_CELLS = 160;
export const WHOLE = 4000; // levels with more grids than this are fetched by what is in view

export const KINDS = {
  water: 10, green: 11, road: 11, compound: 13, building: 13.5, shop: 15, firm: 16, component: 16.5, camera: 15.5,
};

export async function scheme(key) {
  const schemes = await get('/schemes');
  const found = schemes.find((one) => one.key === key) ?? schemes[0];
  if (!found) return null;
  const levels = [...found.levels].sort((a, b) => a.rank - b.rank).filter((level) => level.count > 0);
  return { ...found, levels };
}

function gridOf({ id, properties, geometry }) {
  return { ...properties, id: properties.id ?? id, geometry };
}

// The grids of a level, those of a box where one is given; `more` where there are too many for one view.
export async function grids(found, level, bounds = null, signal = undefined) {
  const values = { scheme: found.key, level: level.key, limit: PAGE, bbox: bounds?.map((value) => value.toFixed(6)).join(',') };
  const { features, more } = await all('/grids', values, signal, bounds ? 1 : WHOLE / PAGE + 1);
  return { grids: features.map(gridOf), more };
}

export async function levelsOf(found) {
  return Promise.all(found.levels.map(async (level) => ({
    key: level.key,
    name: said(level.name),
    count: level.count,
    line_px: level.line_px,
    dashed: level.dashed,
    grids: level.count <= WHOLE ? (await grids(found, level)).grids : [],
  })));
}

// Fetches a kind's cells of the view once each; tells what came and whether the view holds more than that.
export class Cells {
  constructor(kind, onload) {
    this.kind = kind;
    this.onload = onload;
    this.known = new Map();
    this.ids = new Set();
    this.cut = false;
  }

  async view([west, south, east, north], zoom) {
    const cell = zoom < FAR_ZOOM ? FAR : NEAR;
    const [x1, y1, x2, y2] = [west, south, east, north].map((value) => Math.floor(value / cell));
    if ((x2 - x1 + 1) * (y2 - y1 + 1) > MOST_CELLS) {
      this.cut = true;
      return;
    }
    this.cut = false;
    const wanted = [];
    for (let x = x1; x <= x2; x += 1) for (let y = y1; y <= y2; y += 1) {
      const key = `${cell}/${x}/${y}`;
      if (!this.known.has(key)) wanted.push([x, y, key]);
    }
    if (!wanted.length) return;
    wanted.forEach(([, , key]) => this.known.set(key, false));
    const xs = wanted.map(([x]) => x);
    const ys = wanted.map(([, y]) => y);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1].map((value) => (value * cell).toFixed(6));
    try {
      const { features, more } = await all('/places', { kind: this.kind, bbox: box.join(','), limit: PAGE });
      this.cut = more;
      const fresh = features.map(gridOf).filter(({ id }) => !this.ids.has(id) && this.ids.add(id));
      if (fresh.length) this.onload(this.kind, fresh);
    } catch (problem) {
      wanted.forEach(([, , key]) => this.known.delete(key));
      throw problem;
    }
  }
}
