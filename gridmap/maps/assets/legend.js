// Legends: always with measure, unit, period, source and the count of what is not shown.

import { figure, make, say } from 'gridmap/words';

export function legend({ title, unit, period, source, body, none }) {
  return make('section', { class: 'gm-legend', 'aria-label': say('map.legend') }, [
    make('h2', { class: 'gm-legend-title', text: title }),
    unit ? make('p', { class: 'gm-legend-unit', text: say('map.unit', { unit }) }) : null,
    body,
    make('dl', { class: 'gm-facts' }, [
      ...fact(say('map.period'), period),
      ...fact(say('map.source'), source),
      ...(none === null || none === undefined ? [] : fact(say('map.no_grid'), figure(none))),
    ]),
  ]);
}

function fact(name, value) {
  return value ? [make('dt', { text: name }), make('dd', { text: value })] : [];
}

export function classesBody(figures) {
  const counts = figures.labels.map(() => 0);
  for (const value of Object.values(figures.values)) {
    const inner = figures.limits.slice(1, -1);
    let place = 0;
    while (place < inner.length && value >= inner[place]) place += 1;
    counts[place] += 1;
  }
  const rows = figures.labels.map((label, i) => swatch(figures.colours[i], label, counts[i]));
  return make('ul', { class: 'gm-classes' }, rows.reverse());
}

function swatch(colour, label, count) {
  const box = make('span', { class: 'gm-swatch', 'aria-hidden': 'true' });
  box.style.backgroundColor = colour;
  return make('li', {}, [
    box,
    make('span', { class: 'gm-class', text: label }),
    make('span', { class: 'gm-count', text: say(count === 1 ? 'map.grids_one' : 'map.grids', { n: figure(count) }) }),
  ]);
}

// The blur's scale runs by the square root: its middle mark is a quarter of the end.
export function heatBody({ colours, ceiling }) {
  const ramp = make('div', { class: 'gm-ramp', 'aria-hidden': 'true' });
  ramp.style.background = `linear-gradient(to right, ${colours.join(', ')})`;
  const marks = ceiling ? ['0', figure(Number((ceiling / 4).toPrecision(2))), `≥ ${figure(ceiling)}`] : [say('map.few'), '', say('map.many')];
  return make('div', {}, [ramp, make('div', { class: 'gm-marks' }, marks.map((text) => make('span', { text })))]);
}
