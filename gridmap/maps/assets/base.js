// The base map, drawn from the city's own layers: quiet, so that what lies over it is heard.

import { inPlane } from 'gridmap/canvas';
import { meets } from 'gridmap/space';

export const COLOURS = {
  ground: '#f6f5f1', water: '#cfe0ea', waterEdge: '#b9d0de', green: '#dfe9d6', compound: '#f0ede5', compoundEdge: '#ddd8cc',
  road: '#ffffff', casing: '#dedad2', building: '#e6e2da', buildingEdge: '#d5d0c6', tower: '#dad4c8', towerEdge: '#bfb8aa',
  shop: '#3f6f8f', ink: '#2b3440', mark: '#1d6fa5',
};

const DOTS = { shop: ['#3f6f8f', 3], firm: ['#8a6d3b', 3], component: ['#7a7468', 2], camera: ['#5b6470', 3] };
export const DOT_ZOOM = { shop: 16, firm: 16.5, component: 17, camera: 16 };

// Width in pixels by class at zooms 13, 15, 17, 19; between them it grows evenly.
const WIDTHS = {
  arterial: [2.4, 6, 14, 34],
  street: [1.2, 3.4, 8.5, 20],
  lane: [0, 1.2, 3.6, 8],
};

export function roadWidth(kind, zoom) {
  const table = WIDTHS[kind] ?? WIDTHS.street;
  const place = Math.max(0, Math.min(2.999, (zoom - 13) / 2));
  const low = Math.floor(place);
  return table[low] + (table[low + 1] - table[low]) * (place - low);
}

function seen(features, view) {
  return (features ?? []).filter((feature) => meets(feature.box, view.box));
}

function gather(features) {
  const path = new Path2D();
  for (const feature of features) path.addPath(feature.path);
  return path;
}

// `places` holds features by kind; `hidden` the kinds that are switched off; `ground` paints a thematic fill under
// the streets, so that they show through whatever its strength.
export function paintBase(ctx, view, { places, hidden, ground }) {
  const shown = (kind) => (hidden.has(kind) ? [] : seen(places[kind], view));
  inPlane(ctx, view, (px) => {
    fill(ctx, gather(shown('compound')), COLOURS.compound, view.zoom >= 15 ? COLOURS.compoundEdge : null, px);
    fill(ctx, gather(shown('green')), COLOURS.green);
    fill(ctx, gather(shown('water')), COLOURS.water, COLOURS.waterEdge, px);
    if (ground) ground(ctx, view, px);
    roads(ctx, shown('road'), view.zoom, px);
    if (view.zoom >= 14) buildings(ctx, shown('building'), view, px, Boolean(ground));
  });
}

function fill(ctx, path, colour, edge, px) {
  ctx.fillStyle = colour;
  ctx.fill(path, 'evenodd');
  if (!edge) return;
  ctx.strokeStyle = edge;
  ctx.lineWidth = px;
  ctx.stroke(path);
}

// All casings first, then all surfaces, small streets first: crossings come out open as on a printed map.
function roads(ctx, features, zoom, px) {
  ctx.lineCap = 'round';
  ctx.lineJoin = 'round';
  const classes = ['lane', 'street', 'arterial'];
  const paths = classes.map((kind) => gather(features.filter((road) => (road.class ?? 'street') === kind)));
  classes.forEach((kind, i) => {
    const width = roadWidth(kind, zoom);
    if (!width) return;
    ctx.strokeStyle = COLOURS.casing;
    ctx.lineWidth = (width + (zoom < 15 ? 1 : 2)) * px;
    ctx.stroke(paths[i]);
  });
  classes.forEach((kind, i) => {
    const width = roadWidth(kind, zoom);
    if (!width) return;
    ctx.strokeStyle = COLOURS.road;
    ctx.lineWidth = width * px;
    ctx.stroke(paths[i]);
  });
}

function buildings(ctx, features, view, px, faint) {
  const low = gather(features.filter((building) => !building.tower));
  const towers = gather(features.filter((building) => building.tower));
  if (faint) {
    ctx.fillStyle = 'rgba(60, 52, 40, 0.13)';
    ctx.fill(low, 'evenodd');
    ctx.fillStyle = 'rgba(60, 52, 40, 0.24)';
    ctx.fill(towers, 'evenodd');
    return;
  }
  const edge = view.zoom >= 15;
  fill(ctx, low, COLOURS.building, edge ? COLOURS.buildingEdge : null, px * 0.8);
  fill(ctx, towers, COLOURS.tower, edge ? COLOURS.towerEdge : null, px);
}

// Points give way to a theme: they stay to be found, and no longer compete with it.
export function paintDots(ctx, view, { places, hidden, themed }) {
  ctx.globalAlpha = themed ? 0.3 : 1;
  for (const [kind, [colour, radius]] of Object.entries(DOTS)) {
    if (hidden.has(kind) || view.zoom < DOT_ZOOM[kind]) continue;
    const size = Math.min(radius * 2, radius * 0.7 * 1.35 ** (view.zoom - 16));
    ctx.fillStyle = colour;
    ctx.strokeStyle = '#ffffff';
    ctx.lineWidth = 1;
    for (const feature of seen(places[kind], view)) {
      const [x, y] = view.screen(feature.at);
      ctx.beginPath();
      ctx.arc(x, y, size, 0, 2 * Math.PI);
      ctx.fill();
      if (size > 2) ctx.stroke();
    }
  }
  ctx.globalAlpha = 1;
}
