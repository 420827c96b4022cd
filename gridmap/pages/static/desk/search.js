// The one search box: names and addresses from the register, grids of the map, or coordinates with their datum.

import { DATUMS, coordinates } from 'desk/coordinates';
import { get, latest } from 'page/api';
import { make, say } from 'gridmap/words';

const MOST = 12;
const WAIT_MS = 160;
const CODE = /^\d{6,40}$/;

export class Search {
  constructor(place, { kindName, gridsLike, onplace, ongrid, onpoint }) {
    Object.assign(this, { kindName, gridsLike, onplace, ongrid, onpoint });
    this.fetch = latest();
    this.hits = [];
    this.marked = -1;
    this.build(place);
    document.addEventListener('keydown', (event) => {
      const typing = event.target.closest?.('input, select, textarea');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.input.focus();
      this.input.select();
    });
  }

  build(place) {
    this.list = make('ul', { class: 'hits', id: 'hits', role: 'listbox', 'aria-label': say('desk.results'), hidden: true });
    this.input = make('input', {
      id: 'q', type: 'text', inputmode: 'search', enterkeyhint: 'search', placeholder: say('desk.search'),
      'aria-label': say('desk.search'), role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'hits',
      'aria-autocomplete': 'list', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
      oninput: () => this.typed(), onkeydown: (event) => this.key(event), onfocus: () => this.input.value && this.typed(),
      onblur: () => this.close(),
    });
    this.wipe = make('button', {
      type: 'button', class: 'wipe', 'aria-label': say('desk.clear'), title: say('desk.clear'), hidden: true, text: '×',
      onclick: () => this.clear(true),
    });
    this.datum = make('div', { class: 'datum', hidden: true });
    const form = make('form', { role: 'search', class: 'box', onsubmit: (event) => { event.preventDefault(); this.submit(); } }, [
      make('span', { class: 'lens', 'aria-hidden': 'true' }), this.input, this.wipe,
    ]);
    place.append(form, this.list, this.datum);
  }

  typed() {
    const text = this.input.value.trim();
    this.wipe.hidden = !text;
    window.clearTimeout(this.timer);
    const point = coordinates(text);
    if (point) {
      this.close();
      this.askDatum(point);
      return;
    }
    this.datum.hidden = true;
    if (!text) {
      this.close();
      return;
    }
    this.timer = window.setTimeout(() => this.look(text), WAIT_MS);
  }

  async look(text) {
    let grids = this.gridsLike(text).map((grid) => ({ grid, name: grid.name, kind: this.kindName(grid), address: '' }));
    this.show(grids, say('desk.searching'));
    try {
      if (!grids.length && CODE.test(text)) grids = await this.codeOf(text);
      const body = await this.fetch((signal) => get('/places', { q: text, limit: MOST }, signal));
      if (!body || this.input.value.trim() !== text) return;
      const places = body.features.map(({ id, properties, geometry }) => ({
        place: { id: id ?? properties.id, ...properties, geometry },
        name: properties.name || properties.address, kind: this.kindName(properties),
        address: properties.name ? (properties.address ?? '') : '',
      }));
      const found = [...grids, ...places];
      const note = found.length ? (body.next ? say('desk.more', { n: found.length }) : '') : say('desk.nothing', { q: text });
      this.show(found, note);
    } catch (problem) {
      this.show(grids, say('page.failed', { what: problem.message }), () => this.look(text));
    }
  }

  // A code of before leads to the grid that had it, or to those that hold its ground now.
  async codeOf(text) {
    try {
      const { grid, current, successors } = await get(`/codes/${text}`, {});
      const address = current ? '' : say(successors ? 'desk.old_code_retired' : 'desk.old_code', { name: grid.name });
      return (successors ?? [grid]).map((one) => ({ grid: one, name: one.name, kind: this.kindName(one), address }));
    } catch (problem) {
      if (problem.status === 404) return [];
      throw problem;
    }
  }

  show(hits, note, retry) {
    this.hits = hits;
    const items = hits.map((hit, i) => make('li', {
      role: 'option', id: `hit-${i}`, 'aria-selected': 'false', onmousedown: (event) => event.preventDefault(), onclick: () => this.pick(i),
    }, [
      make('span', { class: 'hit-name', text: hit.name }), make('span', { class: 'hit-kind', text: hit.kind }),
      hit.address ? make('span', { class: 'hit-address', text: hit.address }) : null,
    ]));
    if (note) {
      const again = retry ? make('button', { type: 'button', class: 'link', text: say('page.retry'), onmousedown: (event) => event.preventDefault(), onclick: retry }) : null;
      items.push(make('li', { class: 'hit-note', role: 'presentation' }, [make('span', { text: note }), again]));
    }
    this.list.replaceChildren(...items);
    this.list.hidden = !items.length;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    this.mark(hits.length ? 0 : -1);
  }

  mark(place) {
    this.marked = place;
    [...this.list.querySelectorAll('[role=option]')].forEach((item, i) => {
      item.setAttribute('aria-selected', String(i === place));
      if (i === place) item.scrollIntoView({ block: 'nearest' });
    });
    if (place >= 0) this.input.setAttribute('aria-activedescendant', `hit-${place}`);
    else this.input.removeAttribute('aria-activedescendant');
  }

  key(event) {
    if (event.key === 'Escape') {
      event.preventDefault();
      this.clear(true);
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && this.hits.length) {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      this.mark((this.marked + step + this.hits.length) % this.hits.length);
    }
  }

  submit() {
    const point = coordinates(this.input.value);
    if (point) this.sendPoint(point);
    else if (this.marked >= 0) this.pick(this.marked);
    else this.typed();
  }

  pick(i) {
    const hit = this.hits[i];
    this.input.value = hit.name;
    this.wipe.hidden = false;
    this.close();
    this.input.blur();
    if (hit.grid) this.ongrid(hit.grid);
    else this.onplace(hit.place);
  }

  // Coordinates alone say nothing: the datum is asked for, and none is chosen beforehand.
  askDatum(point) {
    const names = point.projected ? ['epsg'] : [...DATUMS, 'epsg'];
    const options = names.map((name) => make('label', { class: 'datum-option' }, [
      make('input', { type: 'radio', name: 'datum', value: name, onchange: () => this.chosen(point, name) }),
      make('span', { text: say(`desk.datum_${name}`) }),
      name === 'epsg' ? make('input', {
        type: 'text', class: 'epsg', inputmode: 'numeric', pattern: '[0-9]{4,6}', placeholder: '4549', 'aria-label': 'EPSG', id: 'epsg',
        onfocus: (event) => { event.target.closest('label').querySelector('[type=radio]').checked = true; },
        onkeydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); this.sendPoint(point); } },
      }) : null,
    ]));
    const { x, y, projected } = point;
    this.datum.replaceChildren(
      make('fieldset', {}, [make('legend', { text: say('desk.which_datum') }), make('p', { text: say('desk.datum_why') }), ...options]),
      make('div', { class: 'datum-end' }, [
        make('span', { class: 'soft', text: say(projected ? 'desk.read_as_xy' : 'desk.read_as', { x, y }) }),
        make('button', { type: 'button', class: 'primary', text: say('desk.ask'), onclick: () => this.sendPoint(point) }),
      ]),
    );
    this.datum.classList.remove('wanted');
    this.datum.hidden = false;
  }

  chosen(point, name) {
    this.datum.classList.remove('wanted');
    if (name === 'epsg') this.datum.querySelector('#epsg').focus();
    else this.sendPoint(point);
  }

  sendPoint(point) {
    if (this.datum.hidden) this.askDatum(point);
    const name = this.datum.querySelector('[name=datum]:checked')?.value;
    const code = this.datum.querySelector('#epsg').value.trim();
    const datum = name === 'epsg' ? (/^\d{4,6}$/.test(code) ? `EPSG:${code}` : null) : name;
    if (!datum) {
      this.datum.classList.add('wanted');
      this.datum.querySelector(name === 'epsg' ? '#epsg' : '[name=datum]').focus();
      return;
    }
    this.datum.hidden = true;
    this.onpoint({ lon: String(point.x), lat: String(point.y), datum });
  }

  close() {
    this.hits = [];
    this.marked = -1;
    this.list.replaceChildren();
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  clear(stay) {
    window.clearTimeout(this.timer);
    this.input.value = '';
    this.wipe.hidden = true;
    this.datum.hidden = true;
    this.close();
    if (stay) this.input.focus();
  }
}
