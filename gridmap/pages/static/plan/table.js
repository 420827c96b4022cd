// The grids of the level with their load, and how far each is from the mean; what differs from the base is bold.

import { area, figure, make, said, say } from 'gridmap/words';
import { get } from 'page/api';

const COLUMNS = ['load', 'residents', 'shops', 'incidents'];
const MOST_ROWS = 300;
const LONGEST_NAME = 200;

function percent(share) {
  const many = Math.abs(share) * 100;
  const text = `${figure(many < 10 ? many : Math.round(many))} %`;
  return share > 0.0005 ? `+${text}` : (share < -0.0005 ? `−${text}` : '0 %');
}

export class Table {
  constructor(place, { path, spread, onselect, onrename, onopen, onretry }) {
    Object.assign(this, { place, path, spread, onselect, onrename, onopen, onretry });
    this.sort = { key: 'deviation', down: true };
    this.selected = new Set();
    this.round = 0;
  }

  // Asks anew; of several questions the newest one counts. The rows stay in view meanwhile. `weighed` is on its way:
  // the figures before and after, or null where nothing differs.
  async load(level, weighed) {
    this.round += 1;
    const { round } = this;
    if (level !== this.level) this.wait(level);
    try {
      const [told, impact] = await Promise.all([get(`${this.path}/table`, { level }), weighed]);
      if (round !== this.round) return;
      this.level = level;
      this.told = told;
      this.before = new Map((impact?.grids ?? []).map((grid) => [grid.id, { ...grid.before, load: grid.load_before, none: !grid.before }]));
      this.show();
    } catch (problem) {
      if (round !== this.round) return;
      this.place.replaceChildren(make('div', { class: 'failed', role: 'alert' }, [
        make('p', { text: say('page.failed', { what: problem.message }) }),
        make('button', { type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => this.onretry() }),
      ]));
    }
  }

  wait(level) {
    this.level = level;
    this.told = null;
    this.place.replaceChildren(make('p', { class: 'soft pad', text: say('plan.loading') }));
  }

  select(ids) {
    this.selected = new Set(ids);
    if (this.told) this.show();
    const [first] = ids;
    this.place.querySelector(`[data-grid="${first}"]`)?.scrollIntoView({ block: 'nearest' });
  }

  rows() {
    const { key, down } = this.sort;
    const rows = [...this.told.rows];
    const by = key === 'name' ? (a, b) => a.name.localeCompare(b.name, 'zh') : (a, b) => a[key] - b[key];
    rows.sort((a, b) => (down ? by(b, a) : by(a, b)) || a.id - b.id);
    return rows;
  }

  show() {
    const focus = this.place.contains(document.activeElement) ? document.activeElement.closest('[data-grid], th')?.dataset : null;
    const top = this.place.scrollTop;
    const rows = this.rows();
    if (!rows.length) {
      this.place.replaceChildren(make('p', { class: 'soft pad', text: say('plan.table_empty') }));
      return;
    }
    const most = Math.max(0.5, ...rows.map(({ deviation }) => Math.min(2, Math.abs(deviation))));
    this.place.replaceChildren(
      make('table', { class: 'grids' }, [
        make('caption', { class: 'unseen', text: say('plan.table') }),
        make('thead', {}, [make('tr', {}, ['name', ...COLUMNS, 'deviation'].map((key) => this.heading(key)))]),
        make('tbody', {}, rows.slice(0, MOST_ROWS).map((row) => this.row(row, most))),
      ]),
      rows.length > MOST_ROWS ? make('p', { class: 'soft pad', text: say('plan.table_more', { n: figure(rows.length - MOST_ROWS) }) }) : '',
    );
    this.place.scrollTop = top;
    if (focus?.grid) this.place.querySelector(`[data-grid="${focus.grid}"] button`)?.focus();
    else if (focus?.key) this.place.querySelector(`[data-key="${focus.key}"] button`)?.focus();
  }

  heading(key) {
    const sorted = this.sort.key === key;
    const mean = key === 'deviation' ? say('plan.mean', { n: figure(Math.round(this.told.mean_load)) }) : null;
    return make('th', {
      scope: 'col', class: key === 'name' ? null : 'number', 'data-key': key, 'aria-sort': sorted ? (this.sort.down ? 'descending' : 'ascending') : null,
    }, [make('button', {
      type: 'button', class: 'sorter', title: say('plan.sort'), onclick: () => {
        this.sort = { key, down: sorted ? !this.sort.down : key !== 'name' };
        this.show();
      },
    }, [make('span', { text: say(`plan.col_${key}`) }), mean ? make('small', { text: mean }) : null])]);
  }

  row(row, most) {
    const was = this.before.get(row.id);
    const selected = this.selected.has(row.id);
    const name = make('button', {
      type: 'button', class: 'grid-name', text: row.name, 'aria-pressed': String(selected),
      title: [row.code, area(row.area_m2)].filter(Boolean).join(' · '),
      onclick: (event) => this.onselect(row.id, event.shiftKey || event.ctrlKey || event.metaKey),
    });
    const made = make('tr', {
      'data-grid': String(row.id), class: selected ? 'selected' : null,
      ondblclick: () => this.rename(row.id),
    }, [make('th', { scope: 'row', class: row.changed ? 'differs' : null }, [name]), ...COLUMNS.map((key) => this.cell(row, was, key)), this.bar(row, most)]);
    return made;
  }

  cell(row, was, key) {
    const differs = was && (was.none || was[key] !== row[key]);
    const title = differs ? say(was.none ? 'plan.was_none' : 'plan.was', { n: figure(Math.round(was[key] ?? 0)) }) : null;
    return make('td', { class: differs ? 'number differs' : 'number', title, text: figure(Math.round(row[key])) });
  }

  // Bars to both sides of the mean; beyond the limit a sign says so too.
  bar({ deviation }, most) {
    const far = Math.abs(deviation) > this.spread;
    const fill = make('span', { class: deviation < 0 ? 'fill less' : 'fill more' });
    fill.style.width = `${(Math.min(1, Math.abs(deviation) / most) * 50).toFixed(2)}%`;
    return make('td', { class: far ? 'deviation far' : 'deviation', title: far ? say('plan.far', { n: percent(this.spread).slice(1) }) : null }, [
      make('span', { class: 'track', 'aria-hidden': 'true' }, [fill]), make('span', { class: 'percent', text: `${percent(deviation)}${far ? ' !' : ''}` }),
    ]);
  }

  // Turns a name into a field; Enter takes it over, Escape leaves it as it was.
  rename(id) {
    const cell = this.place.querySelector(`[data-grid="${id}"] th`);
    const row = this.told?.rows.find((one) => one.id === id);
    if (!cell || !row || !this.onopen()) return;
    let done = false;
    const input = make('input', { type: 'text', class: 'renaming', value: row.name, maxlength: LONGEST_NAME, 'aria-label': say('plan.name') });
    const finish = async (keep) => {
      if (done) return;
      done = true;
      const name = input.value.trim();
      if (keep && name && name !== row.name) await this.onrename(id, name);
      this.show();
      this.place.querySelector(`[data-grid="${id}"] button`)?.focus();
    };
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') finish(true);
      if (event.key === 'Escape') finish(false);
    });
    input.addEventListener('blur', () => finish(true));
    cell.replaceChildren(input);
    input.focus();
    input.select();
  }

  // The load and its parts in a sentence, for the note under the table.
  static note(load) {
    return say('plan.load_note', { parts: load.map(({ title, weight }) => `${said(title)} × ${figure(weight, 1)}`).join(' + ') });
  }
}
