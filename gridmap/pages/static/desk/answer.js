// The answer card: who, how sure, on what ground, and what else might be.

import { dayIn, figure, language, make, metres, said, say, zone } from 'gridmap/words';

const ACCURACIES = [5, 10, 15, 30, 50, 100];

export class Answer {
  constructor(place, { onask, onclear, ongrid, kindName, levelName }) {
    Object.assign(this, { place, onask, onclear, ongrid, kindName, levelName, categories: [] });
    this.empty();
  }

  empty() {
    this.place.replaceChildren(make('div', { class: 'hint' }, [
      make('p', { text: say('desk.empty') }), make('p', { class: 'soft keys', text: say('desk.empty_keys') }),
    ]));
  }

  wait() {
    this.place.setAttribute('aria-busy', 'true');
    if (!this.place.querySelector('.card')) this.place.replaceChildren(make('p', { class: 'hint soft', text: say('desk.asking') }));
  }

  fail(problem, retry) {
    this.place.removeAttribute('aria-busy');
    this.place.replaceChildren(make('div', { class: 'card failed', role: 'alert' }, [
      this.closing(),
      ...problem.lines().map((line) => make('p', { text: say('page.failed', { what: line }) })),
      make('button', { type: 'button', class: 'quiet', text: say('page.retry'), onclick: retry }),
    ]));
  }

  show(answer, state) {
    this.place.removeAttribute('aria-busy');
    this.place.replaceChildren(make('article', { class: 'card', 'data-status': answer.status }, [
      this.closing(),
      this.crumbs(answer),
      sureness(answer),
      ...this.people(answer),
      answer.agency ? row(say('desk.agency'), said(answer.agency.name ?? answer.agency)) : null,
      this.question(state),
      this.candidates(answer),
      this.spot(answer),
      warnings(answer),
      foot(answer),
    ]));
    const crumbs = this.place.querySelector('.crumbs ol');
    if (crumbs) crumbs.scrollLeft = crumbs.scrollWidth;
  }

  closing() {
    return make('button', { type: 'button', class: 'wipe', 'aria-label': say('desk.dismiss'), title: say('desk.dismiss'), text: '×', onclick: this.onclear });
  }

  crumbs({ chain }) {
    if (!chain?.length) return null;
    return make('nav', { class: 'crumbs', 'aria-label': say('map.belongs') }, [make('ol', {}, chain.map((grid) => make('li', {}, [
      make('button', { type: 'button', class: 'crumb', title: said(grid.level_name), text: grid.name, onclick: () => this.ongrid(grid.id) }),
    ])))]);
  }

  people(answer) {
    const [first, ...others] = answer.owners ?? [];
    if (!first) return [];
    const doubtful = answer.status === 'gap' || answer.status === 'outside';
    return [
      doubtful ? make('p', { class: 'soft lead', text: say('desk.fallback') }) : null,
      person(first, this.subject(first.subject)),
      others.length ? make('details', { class: 'others' }, [
        make('summary', { text: `${say('desk.others')} (${figure(others.length)})` }),
        ...others.map((owner) => make('div', { class: 'other' }, [person(owner, this.subject(owner.subject))])),
      ]) : null,
    ];
  }

  subject(subject) {
    return subject ? `${subject.name}` : '';
  }

  // What makes the question finer: the category decides the scheme, the accuracy how sure the answer can be.
  question(state) {
    const category = make('select', { id: 'category', onchange: (event) => this.onask({ category: event.target.value }) }, [
      make('option', { value: '', text: say('desk.category_any') }),
      ...['component', 'event'].map((side) => make('optgroup', { label: say(`desk.${side}`) }, this.categories
        .filter((one) => one.side === side)
        .map((one) => make('option', { value: one.code, text: said(one.name), selected: one.code === state.category })))),
    ]);
    const accuracies = [...new Set([...ACCURACIES, Number(state.accuracy_m)])].filter(Boolean).sort((a, b) => a - b);
    const accuracy = make('select', { id: 'accuracy', onchange: (event) => this.onask({ accuracy_m: event.target.value }) }, [
      make('option', { value: '', text: say('desk.accuracy_none') }),
      ...accuracies.map((value) => make('option', { value, text: `± ${value} m`, selected: value === Number(state.accuracy_m) })),
    ]);
    return make('div', { class: 'fields' }, [
      make('label', {}, [make('span', { text: say('desk.category') }), category]),
      make('label', {}, [make('span', { text: say('desk.accuracy') }), accuracy]),
    ]);
  }

  candidates({ candidates, certain }) {
    if (certain || (candidates ?? []).length < 2) return null;
    return section(say('desk.candidates'), candidates.map((grid) => {
      const bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, [make('span', {})]);
      bar.firstChild.style.width = `${100 * (grid.share ?? 0)}%`;
      return make('button', { type: 'button', class: 'candidate', onclick: () => this.ongrid(grid.id) }, [
        make('span', { text: grid.name }), make('span', { class: 'number', text: grid.share === null ? metres(grid.distance_m) : percent(grid.share) }), bar,
      ]);
    }));
  }

  spot({ places }) {
    if (!places?.length) return null;
    return section(say('desk.here'), places.slice(0, 5).map((one) => make('p', { class: 'spot' }, [
      make('span', { text: one.name || one.address }), make('span', { class: 'soft', text: [this.kindName(one), one.name ? one.address : ''].filter(Boolean).join(' · ') }),
    ])));
  }
}

function percent(share) {
  return share.toLocaleString(language() === 'en' ? 'en' : 'zh-CN', { style: 'percent', maximumFractionDigits: 0 });
}

function sureness(answer) {
  const { status, nearest } = answer;
  if (status === 'gap' || status === 'outside') {
    return make('div', { class: 'sure doubt' }, [
      make('strong', { text: say(`desk.${status}`) }), make('span', { text: say(`desk.${status}_say`) }),
      nearest ? make('span', { text: say('desk.nearest', { name: nearest.name, d: metres(nearest.distance_m) }) }) : null,
    ]);
  }
  const parts = doubts(answer);
  const accuracy = answer.question.accuracy_m;
  if (answer.certain) {
    const words = accuracy ? say('desk.certain_within', { n: figure(accuracy) }) : say('desk.certain');
    return make('div', { class: 'sure yes' }, [make('strong', { text: words }), parts ? make('span', { text: parts }) : null]);
  }
  return make('div', { class: 'sure doubt' }, [
    make('strong', { text: say('desk.uncertain') }),
    status === 'on_border' ? make('span', { text: say('desk.on_border') }) : null,
    parts ? make('span', { text: parts }) : null,
  ]);
}

const WORTH_SAYING_M = 30;

function doubts({ border, candidates, question, certain }) {
  if (!border || (certain && border.distance_m > WORTH_SAYING_M)) return '';
  const distance = metres(border.distance_m);
  const near = border.neighbour ? say('desk.near', { name: border.neighbour.name, d: distance }) : say('desk.near_edge', { d: distance });
  if (certain || !question.accuracy_m || (candidates ?? []).length < 2) return near;
  const shares = candidates.map((grid) => percent(grid.share ?? 0)).join(' / ');
  return near + say('desk.shares', { n: figure(question.accuracy_m), shares });
}

function person({ post, holder, phone, why, stands_in_for: stead }, subject) {
  return make('div', { class: 'person' }, [
    make('div', { class: 'person-head' }, [
      make('p', { class: holder ? 'name' : 'name vacant', text: holder?.name ?? say('desk.nobody') }),
      phone ? call(phone, holder?.name) : null,
    ]),
    make('p', { class: 'post', text: [said(post?.title), subject].filter(Boolean).join(' · ') }),
    stead ? make('p', { class: 'stead', text: [
      say('desk.stands_in', { post: said(stead.post?.title), name: stead.holder?.name ?? '' }).trim(), said(stead.reason),
    ].filter(Boolean).join(language() === 'en' ? ': ' : '：') }) : null,
    // Why somebody stands in is said above; otherwise the rule that decided is.
    why && !stead ? make('p', { class: 'why soft', text: said(why) }) : null,
  ]);
}

// A masked number cannot be dialled: the button says why instead of dialling asterisks.
function call(phone, name) {
  const content = [make('span', { class: 'handset', 'aria-hidden': 'true' }), make('span', { text: say('desk.call') }), make('span', { class: 'phone', text: phone })];
  const label = `${say('desk.call')} ${name ?? ''} ${phone}`;
  if (!phone.includes('*')) return make('a', { class: 'call', href: `tel:${phone.replace(/[^\d+]/g, '')}`, 'aria-label': label }, content);
  const note = make('p', { class: 'call-note', role: 'status', hidden: true });
  const button = make('button', { type: 'button', class: 'call', 'aria-label': label, onclick: () => {
    note.textContent = say('desk.call_masked');
    note.hidden = !note.hidden;
  } }, content);
  return make('div', { class: 'call-box' }, [button, note]);
}

function row(name, value) {
  return make('p', { class: 'row' }, [make('span', { class: 'soft', text: name }), make('span', { text: value })]);
}

function section(title, children) {
  return make('section', { class: 'part' }, [make('h3', { text: title }), ...children]);
}

// What the card says already, in its line on how sure the answer is.
const SAID = ['near_border', 'on_border', 'gap', 'outside'];

function warnings({ warnings: all }) {
  const found = (all ?? []).filter(({ code }) => !SAID.includes(code));
  if (!found.length) return null;
  return make('ul', { class: 'warnings', 'aria-label': say('desk.warnings') }, found.map((one) => make('li', { text: said(one) })));
}

function time(text) {
  const at = new Date(text);
  const style = { timeZone: zone(), dateStyle: 'medium', timeStyle: 'short' };
  const tag = language() === 'en' ? 'en-GB' : 'zh-CN';
  return make('time', { datetime: text, title: `${at.toLocaleString(tag, { ...style, timeStyle: 'long' })}`, text: at.toLocaleString(tag, style) });
}

function foot({ question, generation }) {
  const { lon, lat, datum, given, at } = question;
  const point = `${lon.toFixed(6)}, ${lat.toFixed(6)} (WGS84)`;
  const source = datum !== 'wgs84' && given ? `${given.x}, ${given.y} (${datum.toUpperCase()})` : null;
  const copied = make('button', { type: 'button', class: 'link', text: say('desk.copy'), onclick: async () => {
    await navigator.clipboard?.writeText(window.location.href);
    copied.textContent = say('desk.copied');
  } });
  return make('footer', { class: 'card-foot' }, [
    make('p', { text: `${say('desk.point')} ${point}` }),
    source ? make('p', { text: `${say('desk.given')} ${source}` }) : null,
    at ? make('p', {}, [`${say('desk.asked_at')} `, time(at)]) : null,
    generation ? make('p', { text: [
      say('desk.generation', { id: generation.id }),
      generation.in_force_from ? say('desk.in_force', { time: dayIn(new Date(generation.in_force_from)) }) : '',
    ].filter(Boolean).join(' · ') }) : null,
    copied,
  ]);
}
