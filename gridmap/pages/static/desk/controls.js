// What the map shows: level, theme, measure, period and layers, in one panel.

import { layerSwitch } from 'gridmap/panel';
import { dayIn, make, midnight, say } from 'gridmap/words';
import { segments } from 'page/segments';

const DAY_MS = 86400000;

// The period as half-open instants in the city's zone, for the API.
export function instants({ from, to }) {
  return { from: from ? midnight(from, 0).toISOString() : null, to: to ? midnight(to, 1).toISOString() : null };
}

export function periodWords({ from, to }) {
  if (from && to) return say('desk.until_day', { from, to });
  if (from) return say('desk.since_day', { from });
  return to ? say('desk.till_day', { to }) : say('desk.period_all');
}

function kindOfPeriod({ from, to }) {
  if (!from && !to) return 'all';
  for (const days of [7, 30]) if (from === dayIn(new Date(Date.now() - (days - 1) * DAY_MS)) && to === dayIn(new Date())) return String(days);
  return 'own';
}

export class Controls {
  constructor(place, { levels, measures, kinds, hidden, onchange, onlayer }) {
    Object.assign(this, { place, levels, measures, kinds, hidden, onchange, onlayer });
    this.own = false;
  }

  show(state) {
    const measure = make('label', { class: 'field' }, [
      make('span', { text: say('desk.measure') }),
      make('select', { id: 'measure', onchange: (event) => this.onchange({ measure: event.target.value }) }, this.measures.map((one) => {
        const key = `${one.layer}.${one.measure}`;
        return make('option', { value: key, text: one.title, selected: key === state.measure });
      })),
    ]);
    const themes = ['none', 'areas', 'heat'].map((key) => ({ key, name: say(`desk.show_${key}`) }));
    const focused = document.activeElement?.name && this.place.contains(document.activeElement)
      ? [document.activeElement.name, document.activeElement.value] : null;
    const open = this.place.querySelector('details')?.open ?? false;
    this.place.replaceChildren(
      segments('level', say('desk.level'), this.levels, state.level, (level) => this.onchange({ level })),
      segments('show', say('desk.show'), themes, state.show, (show) => this.onchange({ show })),
      state.show === 'areas' ? measure : '',
      this.period(state),
      make('details', { class: 'layers', open }, [
        make('summary', { text: say('desk.layers') }),
        layerSwitch(this.kinds, this.hidden, this.onlayer),
        make('p', { class: 'soft layer-note', id: 'layer-note', role: 'status' }),
      ]),
    );
    if (focused) [...this.place.querySelectorAll(`[name="${focused[0]}"]`)].find((one) => one.value === focused[1])?.focus();
  }

  period(state) {
    const chosen = this.own ? 'own' : kindOfPeriod(state);
    const options = ['all', '7', '30', 'own'].map((key) => ({ key, name: say(`desk.period_${key}`) }));
    const row = segments('period', say('desk.period'), options, chosen, (key) => this.choose(key, state));
    if (chosen !== 'own') return row;
    const input = (key) => make('label', { class: 'field' }, [
      make('span', { text: say(`desk.${key}`) }),
      make('input', { type: 'date', value: state[key], onchange: (event) => this.onchange({ [key]: event.target.value }) }),
    ]);
    row.append(make('div', { class: 'dates' }, [input('from'), input('to')]));
    return row;
  }

  choose(key, state) {
    this.own = key === 'own';
    if (key === 'own') this.show(state);
    else if (key === 'all') this.onchange({ from: '', to: '' });
    else this.onchange({ from: dayIn(new Date(Date.now() - (Number(key) - 1) * DAY_MS)), to: dayIn(new Date()) });
  }
}
