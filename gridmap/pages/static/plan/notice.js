// What has to be said near the map: what was refused and why, with a marker where it lies, and what can be done.

import { make, say } from 'gridmap/words';

export class Notice {
  constructor(box, map) {
    Object.assign(this, { box, map });
    this.marks = L.layerGroup().addTo(map);
    const pane = map.createPane('plan-faults');
    pane.style.zIndex = 660;
  }

  // `actions` are {text, act}; `places` {at, text}. An error stays until something else is said or it is closed.
  say(lines, { kind = 'note', actions = [], places = [] } = {}) {
    this.clear();
    const buttons = actions.map(({ text, act }, i) => make('button', {
      type: 'button', class: i ? 'quiet' : 'primary', text, onclick: () => { this.clear(); act(); },
    }));
    this.box.setAttribute('role', kind === 'error' ? 'alert' : 'status');
    this.box.className = `notice over-map ${kind}`;
    this.box.replaceChildren(
      make('div', { class: 'notice-lines' }, lines.map((text) => make('p', { text }))),
      make('div', { class: 'notice-end' }, [
        ...buttons,
        make('button', { type: 'button', class: 'wipe', 'aria-label': say('plan.close'), text: '×', onclick: () => this.clear() }),
      ]),
    );
    this.box.hidden = false;
    places.forEach(({ at, text }) => this.mark(at, text));
    const [first] = places;
    if (first && !this.map.getBounds().contains(first.at)) this.map.panTo(first.at, { animate: false });
  }

  mark(at, text) {
    const icon = L.divIcon({ className: 'fault-mark', iconSize: [28, 28], html: make('span', { text: '✕' }) });
    L.marker(at, { icon, title: text, alt: text, keyboard: false, interactive: false, pane: 'plan-faults' }).addTo(this.marks);
  }

  clear() {
    this.box.hidden = true;
    this.box.replaceChildren();
    this.marks.clearLayers();
  }
}
