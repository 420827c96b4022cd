// The theme over the base map: figures by colour, or heat, each with its legend.

import { instants, periodWords } from 'desk/controls';
import { stats } from 'desk/figures';
import { get, send } from 'page/api';
import { classesBody, heatBody, legend } from 'gridmap/legend';
import { language, make, said, say } from 'gridmap/words';

export class Theme {
  constructor(place, scene, { heat, source }) {
    Object.assign(this, { place, scene, heat, source });
    this.round = 0;
  }

  async show(state, levelName) {
    this.round += 1;
    const { round } = this;
    try {
      if (state.show === 'areas') await this.areas(state, levelName, () => round === this.round);
      else if (state.show === 'heat') await this.hot(state, () => round === this.round);
      else this.none();
    } catch (problem) {
      if (round !== this.round) return;
      this.none();
      this.place.replaceChildren(make('p', { class: 'failed', role: 'alert', text: say('page.failed', { what: problem.message }) }), make('button', {
        type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => this.show(state, levelName),
      }));
    }
  }

  none() {
    this.scene.setFigures(null);
    this.scene.setHeat(null);
    this.place.replaceChildren();
  }

  async areas(state, levelName, current) {
    this.scene.setHeat(null);
    const body = await stats(state.measure, state.level, state);
    const rows = body.rows.filter((row) => Number.isFinite(row.value));
    const classes = await send('/desk/classes', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ values: rows.map((row) => row.value) }),
    });
    if (!current()) return;
    const figures = { level: state.level, values: Object.fromEntries(rows.map((row) => [row.id, row.value])), ...classes };
    this.scene.setFigures(rows.length ? figures : null);
    const title = said(body.measure.title);
    this.place.replaceChildren(legend({
      title: say('desk.per', { title, level: language() === 'en' ? levelName.toLowerCase() : levelName }),
      unit: said(body.measure.unit),
      period: state.measure.startsWith('incidents.') ? periodWords(state) : '',
      source: said(body.source),
      none: body.none,
      body: rows.length ? classesBody(figures) : make('p', { text: say('desk.no_figures') }),
    }));
  }

  async hot(state, current) {
    this.scene.setFigures(null);
    const query = new URLSearchParams();
    const asked = { ...instants(state), category: state.category };
    for (const [key, value] of Object.entries(asked)) if (value) query.set(key, value);
    const text = query.toString();
    this.scene.setHeat({ url: `/api/v1/heat/{z}/{x}/{y}.png${text ? `?${text}` : ''}` });
    const zoom = Math.round(this.scene.map.getZoom());
    const { ceiling } = await get('/heat/scale', { zoom, ...asked });
    if (!current()) return;
    this.place.replaceChildren(legend({
      title: say('map.heat_title'), unit: say('map.per_hectare'), period: periodWords(state),
      source: this.source,
      body: ceiling ? heatBody({ colours: this.heat, ceiling }) : make('p', { text: say('desk.no_figures') }),
    }));
  }
}
