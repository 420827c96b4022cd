// What the checks say, by severity: a click flies to the place, and the same stands as markers on the map.

import { figure, make, said, say } from 'gridmap/words';
import { get } from 'page/api';

export const SIGNS = { error: '✕', warning: '!', note: 'i' };
const LISTED = 40;
const MOST_MARKERS = 150;

export class Checks {
  constructor(place, map, { path, onfly }) {
    Object.assign(this, { place, map, path, onfly });
    this.full = new Set();
    this.old = null;
    const pane = map.createPane('plan-findings');
    pane.style.zIndex = 620;
    this.markers = L.layerGroup().addTo(map);
  }

  show({ findings, counts }) {
    this.told = { findings, counts };
    const groups = Object.keys(SIGNS).map((severity) => [severity, findings.filter((each) => each.severity === severity)]);
    const clean = !findings.length;
    this.place.replaceChildren(
      make('p', { class: 'counts' }, Object.keys(SIGNS).map((severity) => make('span', { class: `count ${severity}` }, [
        make('span', { class: 'sign', text: SIGNS[severity], 'aria-hidden': 'true' }),
        make('span', { text: say(`plan.count_${severity}`, { n: figure(counts[severity]) }) }),
      ]))),
      clean ? make('p', { class: 'soft', text: say('plan.checks_none') }) : '',
      ...groups.filter(([, found]) => found.length).map(([severity, found]) => this.group(severity, found)),
      this.inherited(counts.inherited),
    );
    this.mark(findings);
  }

  group(severity, found) {
    const listed = this.full.has(severity) ? found : found.slice(0, LISTED);
    const more = found.length - listed.length;
    return make('div', {}, [
      make('ul', { class: 'findings' }, listed.map((finding) => this.item(finding))),
      more ? make('button', {
        type: 'button', class: 'link', text: say('plan.checks_more', { n: figure(more) }), onclick: () => { this.full.add(severity); this.show(this.told); },
      }) : null,
    ]);
  }

  item(finding) {
    const { severity } = finding;
    return make('li', {}, [make('button', { type: 'button', class: `finding-line ${severity}`, 'data-key': finding.key, onclick: () => this.onfly(finding) }, [
      make('span', { class: 'sign', text: SIGNS[severity], title: say(`plan.severity_${severity}`) }),
      make('span', { text: said(finding.message) }),
    ])]);
  }

  // What was so before the plan is counted, and listed only when asked for.
  inherited(count) {
    if (!count) return '';
    const list = make('ul', { class: 'findings' });
    const box = make('details', { class: 'inherited' }, [make('summary', { text: say('plan.inherited', { n: figure(count) }) }), list]);
    box.addEventListener('toggle', async () => {
      if (!box.open || list.childElementCount) return;
      list.replaceChildren(make('li', { class: 'soft', text: say('plan.loading') }));
      try {
        const { findings } = await get(`${this.path}/check`, { inherited: true });
        const old = findings.filter((each) => each.inherited);
        list.replaceChildren(...old.slice(0, 200).map((each) => this.item(each)));
      } catch (problem) {
        list.replaceChildren(make('li', { role: 'alert', text: say('page.failed', { what: problem.message }) }));
      }
    });
    return box;
  }

  mark(findings) {
    this.markers.clearLayers();
    const placed = findings.filter(({ lon, severity }) => lon !== null && severity !== 'note').slice(0, MOST_MARKERS);
    for (const finding of placed) {
      const { severity, lat, lon } = finding;
      const text = said(finding.message);
      const icon = L.divIcon({ className: `finding ${severity}`, iconSize: [24, 24], html: make('span', { text: SIGNS[severity] }) });
      const marker = L.marker([lat, lon], { icon, title: text, alt: text, keyboard: false, pane: 'plan-findings', bubblingMouseEvents: false });
      marker.on('click', () => this.point(finding));
      marker.addTo(this.markers);
    }
  }

  // From the marker to its line in the list.
  point(finding) {
    const line = [...this.place.querySelectorAll('[data-key]')].find(({ dataset }) => dataset.key === finding.key);
    this.onfly(finding, false);
    line?.scrollIntoView({ block: 'center' });
    line?.focus();
  }
}
