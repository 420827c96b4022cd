// What changes hands if the plan decides: from whom to whom, how much, and which posts are lost or wanted.

import { area, figure, make, said, say } from 'gridmap/words';

const LISTED = 30;
const NAMED = 6;

export class Impact {
  constructor(place, { onfly, levelName, onretry }) {
    Object.assign(this, { place, onfly, levelName, onretry });
    this.round = 0;
  }

  // Shows what is on its way; null where nothing is changed.
  async load(weighed) {
    this.round += 1;
    const { round } = this;
    if (!weighed) {
      this.shown = false;
      this.place.replaceChildren(make('p', { class: 'soft', text: say('plan.impact_none') }));
      return;
    }
    if (!this.shown) this.place.replaceChildren(make('p', { class: 'soft', text: say('plan.loading') }));
    try {
      const told = await weighed;
      if (round === this.round) this.show(told);
    } catch (problem) {
      if (round !== this.round) return;
      this.place.replaceChildren(make('p', { role: 'alert', text: say('page.failed', { what: problem.message }) }), make('button', {
        type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => this.onretry(),
      }));
    }
  }

  show({ moves, grids, measures, level }) {
    this.shown = true;
    const posts = grids.filter(({ posts_change: change }) => change !== 'kept');
    this.place.replaceChildren(
      this.measures(measures),
      moves.length ? make('ul', { class: 'moves' }, moves.slice(0, LISTED).map((move) => this.move(move)))
        : make('p', { class: 'soft', text: say('plan.impact_same', { level: this.levelName(level) }) }),
      moves.length > LISTED ? make('p', { class: 'soft', text: say('plan.impact_more', { n: figure(moves.length - LISTED) }) }) : '',
      posts.length ? make('ul', { class: 'posts' }, posts.slice(0, LISTED).map((grid) => make('li', {}, [
        make('span', { class: `post-sign ${grid.posts_change}`, text: say(`plan.post_${grid.posts_change}`) }),
        make('span', { text: [grid.name, ...grid.posts.map(({ title, holders }) => `${said(title)} ${holders.join(' ')}`.trim())].join(' · ') }),
      ]))) : '',
    );
  }

  measures({ before, after }) {
    const rows = [
      ['grids', (m) => figure(m.grids)],
      ['spread', (m) => (m.load ? `${figure(m.load.spread * 100)} %` : '–')],
      ['most', (m) => (m.load ? figure(Math.round(m.load.most)) : '–')],
      ['compactness', (m) => (m.compactness === null ? '–' : figure(m.compactness, 2))],
      ['on_roads', (m) => (m.on_roads === null ? '–' : `${figure(m.on_roads * 100)} %`)],
    ];
    return make('table', { class: 'measures' }, [
      make('thead', {}, [make('tr', {}, [make('td'), ...['before', 'after'].map((key) => make('th', { scope: 'col', class: 'number', text: say(`plan.${key}`) }))])]),
      make('tbody', {}, rows.map(([key, read]) => {
        const [was, is] = [read(before), read(after)];
        return make('tr', { title: say(`plan.measure_${key}_why`) }, [
          make('th', { scope: 'row', text: say(`plan.measure_${key}`) }), make('td', { class: 'number', text: was }),
          make('td', { class: was === is ? 'number' : 'number differs', text: is }),
        ]);
      })),
    ]);
  }

  move(move) {
    const name = (grid) => grid?.name ?? say('plan.nobody');
    const figures = ['residents', 'shops', 'firms', 'incidents'].filter((key) => move[key]).map((key) => say(`plan.n_${key}`, { n: figure(move[key]) }));
    const things = move.things.filter((thing) => thing.name).map((thing) => thing.name);
    return make('li', {}, [make('button', { type: 'button', class: 'move', onclick: () => this.onfly([move.to?.id, move.from?.id]) }, [
      make('span', { class: 'hands' }, [
        make('span', { text: name(move.from) }), make('span', { text: '→', 'aria-label': say('plan.goes_to') }), make('strong', { text: name(move.to) }),
      ]),
      make('span', { class: 'soft', text: [area(move.area_m2), ...figures].join(' · ') }),
      things.length ? make('span', { class: 'soft things', text: `${things.slice(0, NAMED).join(say('plan.comma'))}${things.length > NAMED ? ' …' : ''}` }) : null,
    ])]);
  }
}
