// A canvas that Leaflet moves and zooms like its own renderers, and that a painter fills in one pass: the order
// of the drawing is the painter's, not the order in which layers happened to be added.

const PADDING = 0.2;

export function painted(map, pane, space, paint) {
  const Painted = L.Renderer.extend({
    _initContainer() {
      this._container = document.createElement('canvas');
      this._container.setAttribute('aria-hidden', 'true');
      this._ctx = this._container.getContext('2d');
    },

    _destroyContainer() {
      L.Util.cancelAnimFrame(this._frame);
      this._container.remove();
      delete this._container;
    },

    _updatePaths() {},

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dpr = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.ceil(dpr * size.x);
      this._container.height = Math.ceil(dpr * size.y);
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._fill(size, dpr);
    },

    _fill(size, dpr) {
      const view = space.view(this._map, this._map.getZoom(), this._bounds.min, size, dpr);
      this._ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
      this._ctx.clearRect(0, 0, size.x, size.y);
      paint(this._ctx, view);
    },

    repaint() {
      if (!this._map || this._frame) return;
      this._frame = L.Util.requestAnimFrame(() => {
        this._frame = null;
        if (this._map && this._container) this._update();
      });
    },
  });
  return new Painted({ pane, padding: PADDING }).addTo(map);
}

// Runs a drawing in the plane's own units; line widths given in pixels are `px / view.k` there.
export function inPlane(ctx, view, draw) {
  ctx.save();
  ctx.setTransform(view.k * view.dpr, 0, 0, view.k * view.dpr, view.x * view.dpr, view.y * view.dpr);
  draw(1 / view.k);
  ctx.restore();
}

// Draws within a range of the plane from west to east, [least, most]; everywhere where there is none.
export function clipped(ctx, view, within, draw) {
  if (!within) {
    draw();
    return;
  }
  ctx.save();
  const [west, east] = within.map((x) => Math.max(0, Math.min(view.size.x, x * view.k + view.x)));
  ctx.beginPath();
  ctx.rect(west, 0, Math.max(0, east - west), view.size.y);
  ctx.clip();
  draw();
  ctx.restore();
}

export function panes(map, names) {
  names.forEach((name, i) => {
    const pane = map.createPane(name);
    pane.style.zIndex = 210 + 10 * i;
    pane.style.pointerEvents = 'none';
  });
}
