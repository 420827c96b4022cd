// Figures of the grid in view, and the same table of figures for the coloured map: one question serves both.

import { instants } from 'desk/controls';
import { get } from 'page/api';
import { figure, make, said, say } from 'gridmap/words';

const TILES = ['incidents.count', 'buildings.residents', 'buildings.workers', 'shops.count', 'buildings.count', 'compounds.count'];
const held = new Map();

// Only incidents have times; everything else is as it stands.
function values(key, level, state) {
  const [layer, measure] = key.split('.');
  const timed = layer === 'incidents' ? { ...instants(state), category: state.category } : {};
  return { layer, measure, level, scheme: state.scheme, ...timed };
}

export function stats(key, level, state) {
  const wanted = values(key, level, state);
  const name = JSON.stringify(wanted);
  if (!held.has(name)) {
    const asked = get('/stats', wanted);
    held.set(name, asked);
    asked.catch(() => held.delete(name));
  }
  return held.get(name);
}

export class Figures {
  constructor(place, { measures }) {
    this.place = place;
    this.measures = measures.filter((one) => TILES.includes(`${one.layer}.${one.measure}`))
      .sort((a, b) => TILES.indexOf(`${a.layer}.${a.measure}`) - TILES.indexOf(`${b.layer}.${b.measure}`));
  }

  // `grid` is the one in view: {id, name, level}; null stands for the whole.
  async show(grid, level, state) {
    this.round = (this.round ?? 0) + 1;
    const { round } = this;
    const cells = this.measures.map((one) => ({ one, value: make('dd', { class: 'waiting', text: '…' }) }));
    const timed = (one) => one.layer === 'incidents';
    const list = make('dl', { class: 'tiles' }, cells.map(({ one, value }) => make('div', { class: timed(one) ? 'tile first' : 'tile' }, [make('dt', { text: one.title }), value])));
    const note = make('p', { class: 'soft', role: 'status' });
    this.place.replaceChildren(make('h2', { text: grid?.name ?? say('desk.whole') }), list, note);
    this.place.setAttribute('aria-busy', 'true');
    const results = await Promise.allSettled(cells.map(({ one }) => stats(`${one.layer}.${one.measure}`, level, state)));
    if (round !== this.round) return;
    this.place.removeAttribute('aria-busy');
    results.forEach((result, i) => {
      const { value } = cells[i];
      value.className = '';
      if (result.status === 'rejected') {
        value.textContent = '–';
        return;
      }
      const body = result.value;
      const sum = grid ? (body.rows.find((row) => row.id === grid.id)?.value ?? 0) : body.total;
      value.textContent = figure(sum);
      value.title = said(body.measure?.unit);
    });
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      note.replaceChildren(say('page.failed', { what: failed.reason.message }), ' ', make('button', {
        type: 'button', class: 'link', text: say('page.retry'), onclick: () => this.show(grid, level, state),
      }));
    }
  }
}
