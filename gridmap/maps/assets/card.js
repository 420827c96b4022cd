// Popups: a heading, a few lines, a link to the desk. All by textContent.

import { area, make, say } from 'gridmap/words';

export function placeCard(place, { kindName, chain, desk }) {
  return make('article', { class: 'gm-card' }, [
    make('p', { class: 'gm-card-kind', text: kindName }),
    make('h2', { text: place.name || say('map.unnamed') }),
    facts([...(place.rows ?? []).slice(0, 5), ...(chain ? [[say('map.grid'), chain]] : [])]),
    link(desk),
  ]);
}

export function gridCard(grid, { levelName, chain, desk, extra = [] }) {
  return make('article', { class: 'gm-card' }, [
    make('p', { class: 'gm-card-kind', text: levelName }),
    make('h2', { text: grid.name || say('map.unnamed') }),
    facts([
      ...extra,
      ...(chain ? [[say('map.belongs'), chain]] : []),
      ...(grid.code ? [[say('map.code'), grid.code]] : []),
      ...(grid.area_m2 ? [[say('map.area'), area(grid.area_m2)]] : []),
    ]),
    link(desk),
  ]);
}

function facts(rows) {
  return make('dl', { class: 'gm-facts' }, rows.flatMap(([name, value]) => [
    make('dt', { text: name }), make('dd', { text: value }),
  ]));
}

function link(desk) {
  return desk ? make('a', { class: 'gm-card-link', href: desk, target: '_top', text: say('map.to_desk') }) : null;
}
