// The drawn city on a Leaflet map: base, thematic fill, heat, lines, names; one object that pages talk to.

import { paintBase, paintDots } from 'gridmap/base';
import { clipped, painted, panes } from 'gridmap/canvas';
import { mesh, paintClasses, paintLines } from 'gridmap/lines';
import { forgetWidths, paintNames } from 'gridmap/names';
import { Space, hit } from 'gridmap/space';

const REACH_PX = { mouse: 6, touch: 14 };
const CLICKABLE = ['shop', 'firm', 'camera', 'component', 'building', 'compound', 'road', 'green', 'water'];

export class Scene {
  constructor(map, [west, south, east, north]) {
    this.map = map;
    this.space = new Space((south + north) / 2, (west + east) / 2);
    this.state = {
      places: {}, levels: [], level: null, selected: [], hidden: new Set(), figures: null, ground: null, within: null,
    };
    panes(map, ['gm-base', 'gm-heat', 'gm-lines', 'gm-names', 'gm-marks']);
    this.layers = [
      painted(map, 'gm-base', this.space, (ctx, view) => paintBase(ctx, view, this.state)),
      painted(map, 'gm-lines', this.space, (ctx, view) => {
        clipped(ctx, view, this.state.within, () => paintLines(ctx, view, this.state));
        paintDots(ctx, view, this.state);
      }),
      painted(map, 'gm-names', this.space, (ctx, view) => clipped(ctx, view, this.state.within, () => paintNames(ctx, view, this.state))),
    ];
    document.fonts?.addEventListener('loadingdone', () => {
      forgetWidths();
      this.repaint();
    });
  }

  repaint() {
    this.layers.forEach((layer) => layer.repaint());
  }

  change(part) {
    Object.assign(this.state, part);
    this.repaint();
  }

  setLevels(levels) {
    const made = levels.map((level) => ({ ...level, grids: this.grids(level.key, level.grids) }));
    mesh(made);
    this.change({ levels: made });
  }

  // Replaces the grids of one level: all it has, or those in view.
  setGrids(key, raws) {
    const made = this.state.levels.map((level) => (level.key === key ? { ...level, grids: this.grids(key, raws) } : { ...level }));
    mesh(made);
    this.change({ levels: made });
    // What was chosen may only now have come into view.
    this.select(this.chosen ?? []);
    if (this.state.figures?.level === key) this.setFigures(this.state.figures);
  }

  // Puts in grids that changed, in place of what they were, and takes out those that are no more.
  putGrids(raws, gone) {
    const out = new Set([...gone, ...raws.map(({ id }) => id)]);
    const made = this.state.levels.map((level) => ({
      ...level,
      grids: [
        ...level.grids.filter(({ id }) => !out.has(id)),
        ...this.grids(level.key, raws.filter((raw) => raw.level === level.key && raw.geometry)),
      ],
    }));
    mesh(made);
    this.change({ levels: made });
    this.select(this.chosen ?? []);
  }

  grids(level, raws) {
    return raws.map((raw) => Object.assign(this.space.feature(raw, 'grid'), { level }));
  }

  addPlaces(kind, features) {
    const known = this.state.places[kind] ?? [];
    const made = features.map((raw) => this.space.feature(raw, kind));
    this.change({ places: { ...this.state.places, [kind]: [...known, ...made] } });
  }

  toggle(kind, on) {
    const hidden = new Set(this.state.hidden);
    if (on) hidden.delete(kind);
    else hidden.add(kind);
    this.change({ hidden });
  }

  // Colours the ground by figures, or takes the colours away.
  setFigures(figures) {
    const grids = figures ? (this.state.levels.find((level) => level.key === figures.level)?.grids ?? []) : [];
    this.change({
      figures,
      themed: Boolean(figures) || Boolean(this.heat),
      ground: figures ? (ctx, view) => paintClasses(ctx, view, { grids, figures }) : null,
    });
  }

  setHeat(heat) {
    if (heat?.url && heat.url === this.heat?._url) return;
    this.heat?.remove();
    this.heat = null;
    this.change({ themed: Boolean(heat) || Boolean(this.state.figures) });
    if (!heat) return;
    const pane = 'gm-heat';
    if (heat.url) {
      this.heat = L.tileLayer(heat.url, { pane, maxZoom: 20, className: 'gm-tile' });
    } else {
      const [west, south, east, north] = heat.bounds;
      this.heat = L.imageOverlay(heat.image, [[south, west], [north, east]], { pane, interactive: false });
    }
    this.heat.addTo(this.map);
  }

  // A grid of any level with its parents, top first.
  chain(id) {
    const byId = new Map(this.state.levels.flatMap((level) => level.grids.map((grid) => [grid.id, grid])));
    const found = [];
    for (let grid = byId.get(id); grid; grid = byId.get(grid.parent)) found.unshift(grid);
    return found;
  }

  select(ids) {
    this.chosen = ids;
    const grids = this.state.levels.flatMap((level) => level.grids.filter((grid) => ids.includes(grid.id)));
    this.change({ selected: grids });
    return grids;
  }

  gridAt(latlng, key = this.state.level) {
    const grids = this.state.levels.find((level) => level.key === key)?.grids ?? [];
    return hit(grids, this.space.at(latlng.lng, latlng.lat), 0);
  }

  // What is drawn at a place: a point before a building, a building before the ground.
  placeAt(latlng, touch = false) {
    const point = this.space.at(latlng.lng, latlng.lat);
    const reach = (touch ? REACH_PX.touch : REACH_PX.mouse) / 2 ** (this.map.getZoom() - 18);
    for (const kind of CLICKABLE) {
      if (this.state.hidden.has(kind)) continue;
      const found = hit(this.state.places[kind] ?? [], point, reach);
      if (found) return found;
    }
    return null;
  }

  boundsOf(features) {
    const boxes = features.map(({ box }) => box);
    const [w, n] = [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1]))];
    const [e, s] = [Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))];
    return L.latLngBounds(this.space.back(w, s), this.space.back(e, n));
  }
}
