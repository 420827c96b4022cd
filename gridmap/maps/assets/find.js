// Search by name or pinyin among what the page itself holds.

import { make, say } from 'gridmap/words';

const MOST = 8;

export function rank(entry, wanted) {
  const name = entry.name.toLowerCase();
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.includes(wanted)) return 2;
  const [full = '', initials = ''] = (entry.find ?? '').split(' ');
  if (initials === wanted || full.startsWith(wanted)) return 3;
  if (initials.startsWith(wanted)) return 4;
  if (full.includes(wanted) && wanted.length > 2) return 5;
  return -1;
}

export function search(entries, text) {
  const wanted = text.trim().toLowerCase().replace(/\s+/g, '');
  if (!wanted) return { found: [], more: 0 };
  const hits = entries
    .map((entry) => [rank(entry, wanted), entry])
    .filter(([place]) => place >= 0)
    .sort((a, b) => a[0] - b[0] || a[1].name.length - b[1].name.length);
  return { found: hits.slice(0, MOST).map(([, entry]) => entry), more: Math.max(0, hits.length - MOST) };
}

export function finder(entries, kindName, onpick) {
  const list = make('ul', { class: 'gm-hits', role: 'listbox', id: 'gm-hits', 'aria-label': say('map.results') });
  const input = make('input', {
    type: 'search', class: 'gm-find', placeholder: say('map.search'), 'aria-label': say('map.search'),
    role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'gm-hits', autocomplete: 'off', spellcheck: 'false',
  });
  let hits = [];
  let marked = -1;
  const mark = (place) => {
    marked = place;
    [...list.querySelectorAll('[role=option]')].forEach((item, i) => {
      item.setAttribute('aria-selected', String(i === marked));
    });
    if (marked >= 0) input.setAttribute('aria-activedescendant', `gm-hit-${marked}`);
    else input.removeAttribute('aria-activedescendant');
  };
  const close = () => {
    hits = [];
    list.replaceChildren();
    input.setAttribute('aria-expanded', 'false');
    mark(-1);
  };
  const pick = (entry) => {
    input.value = entry.name;
    close();
    onpick(entry);
  };
  const show = () => {
    const { found, more } = search(entries, input.value);
    hits = found;
    const items = found.map((entry, i) => make('li', {
      role: 'option', id: `gm-hit-${i}`, 'aria-selected': 'false', onmousedown: (event) => event.preventDefault(),
      onclick: () => pick(entry),
    }, [make('span', { text: entry.name }), make('span', { class: 'gm-hit-kind', text: kindName(entry) })]));
    if (!found.length && input.value.trim()) items.push(make('li', { class: 'gm-none', text: say('map.nothing') }));
    if (more) items.push(make('li', { class: 'gm-none', text: say('map.more', { n: more }) }));
    list.replaceChildren(...items);
    input.setAttribute('aria-expanded', String(items.length > 0));
    mark(found.length ? 0 : -1);
  };
  input.addEventListener('input', show);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!hits.length) return;
      const step = event.key === 'ArrowDown' ? 1 : -1;
      mark((marked + step + hits.length) % hits.length);
      event.preventDefault();
    } else if (event.key === 'Enter' && hits[marked]) {
      pick(hits[marked]);
    } else if (event.key === 'Escape') {
      input.value = '';
      close();
    }
  });
  input.addEventListener('blur', close);
  return make('div', { class: 'gm-finder', role: 'search' }, [input, list]);
}
