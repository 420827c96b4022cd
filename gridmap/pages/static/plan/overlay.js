// What planning lays over the map: fills by parent, what is chosen, what is locked, where the brush went.

import { inPlane, painted } from 'gridmap/canvas';
import { meets } from 'gridmap/space';

const MARK = '#1d6fa5';
// Told apart by those who see few colours, and each with its number.
export const PALETTE = ['#3b6fb6', '#d1495b', '#2e8b57', '#b8860b', '#7b4fa3', '#1b9aaa', '#c06014', '#6b7a2a', '#a23b72', '#4f5d75'];
const FILL = 0.24;
const BADGE_PX = 10;

function hatch(ctx) {
  const tile = document.createElement('canvas');
  [tile.width, tile.height] = [8, 8];
  const draw = tile.getContext('2d');
  draw.strokeStyle = 'rgba(32, 38, 46, 0.42)';
  draw.lineWidth = 1.4;
  draw.beginPath();
  for (const shift of [-8, 0, 8]) {
    draw.moveTo(shift, 8);
    draw.lineTo(shift + 8, 0);
  }
  draw.stroke();
  return ctx.createPattern(tile, 'repeat');
}

export class Overlay {
  constructor(map, scene) {
    this.scene = scene;
    this.state = { fills: new Map(), selected: new Set(), locked: new Set(), brushed: new Set(), brush: null, hover: null };
    this.pane(map, 'plan-fills', 226);
    this.pane(map, 'plan-over', 236);
    this.pane(map, 'plan-badges', 246);
    this.layers = [
      painted(map, 'plan-fills', scene.space, (ctx, view) => this.fills(ctx, view)),
      painted(map, 'plan-over', scene.space, (ctx, view) => this.outlines(ctx, view)),
      painted(map, 'plan-badges', scene.space, (ctx, view) => this.badges(ctx, view)),
    ];
  }

  pane(map, name, depth) {
    const pane = map.createPane(name);
    pane.style.zIndex = depth;
    pane.style.pointerEvents = 'none';
  }

  change(part) {
    Object.assign(this.state, part);
    this.layers.forEach((layer) => layer.repaint());
  }

  grids(view) {
    const { levels, level } = this.scene.state;
    return (levels.find(({ key }) => key === level)?.grids ?? []).filter(({ box }) => meets(box, view.box));
  }

  fills(ctx, view) {
    const { fills, selected, locked, brushed, brush, hover } = this.state;
    const pattern = locked.size ? hatch(ctx) : null;
    inPlane(ctx, view, (px) => {
      for (const grid of this.grids(view)) {
        const fill = brushed.has(grid.id) ? brush : fills.get(grid.id);
        if (fill) this.fill(ctx, grid, fill.colour, brushed.has(grid.id) ? 0.42 : FILL);
        if (hover === grid.id && !selected.has(grid.id)) this.fill(ctx, grid, MARK, 0.08);
        if (selected.has(grid.id)) this.fill(ctx, grid, MARK, 0.2);
        if (pattern && locked.has(grid.id)) {
          pattern.setTransform(new DOMMatrix().scale(px));
          ctx.fillStyle = pattern;
          ctx.fill(grid.path, 'evenodd');
        }
      }
    });
  }

  fill(ctx, grid, colour, strength) {
    ctx.globalAlpha = strength;
    ctx.fillStyle = colour;
    ctx.fill(grid.path, 'evenodd');
    ctx.globalAlpha = 1;
  }

  outlines(ctx, view) {
    inPlane(ctx, view, (px) => {
      ctx.lineJoin = 'round';
      for (const grid of this.grids(view)) {
        if (!this.state.selected.has(grid.id)) continue;
        ctx.strokeStyle = '#ffffff';
        ctx.lineWidth = 6 * px;
        ctx.stroke(grid.path);
        ctx.strokeStyle = MARK;
        ctx.lineWidth = 3 * px;
        ctx.stroke(grid.path);
      }
    });
  }

  // The number of the parent above a grid's name, and a sign on what is locked: colour alone says nothing.
  badges(ctx, view) {
    const { fills, brushed, brush, locked } = this.state;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    for (const grid of this.grids(view)) {
      const fill = brushed.has(grid.id) ? brush : fills.get(grid.id);
      const [x, y] = view.screen(grid.at);
      const wide = (grid.box[2] - grid.box[0]) * view.k;
      if (fill && wide > 30) this.badge(ctx, x, y - 20, fill.colour, String(fill.number));
      if (locked.has(grid.id) && wide > 30) this.padlock(ctx, x, y + 20);
    }
  }

  badge(ctx, x, y, colour, text) {
    ctx.beginPath();
    ctx.arc(x, y, BADGE_PX, 0, 2 * Math.PI);
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.strokeStyle = '#ffffff';
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.fillStyle = '#ffffff';
    ctx.font = '700 12px system-ui, sans-serif';
    ctx.fillText(text, x, y + 0.5);
  }

  padlock(ctx, x, y) {
    ctx.fillStyle = '#20262e';
    ctx.strokeStyle = '#ffffff';
    ctx.lineWidth = 3;
    ctx.strokeRect(x - 6, y - 3, 12, 9);
    ctx.fillRect(x - 6, y - 3, 12, 9);
    ctx.strokeStyle = '#20262e';
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(x, y - 3, 4, Math.PI, 2 * Math.PI);
    ctx.stroke();
  }
}
