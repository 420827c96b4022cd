// The tools, each with its key; undo and redo below them.

import { make, say } from 'gridmap/words';
import { icon } from 'plan/icons';

export const KEYS = { select: 'V', draw: 'D', split: 'S', border: 'B', merge: 'M', paint: 'P', lock: 'L' };
const STEPS = { undo: 'Ctrl+Z', redo: 'Ctrl+Y' };
const WRITING = 'input, select, textarea, dialog, [contenteditable]';

export class Rail {
  constructor(place, { ontool, onstep }) {
    Object.assign(this, { place, ontool, onstep });
    this.buttons = new Map();
    const tools = Object.entries(KEYS).map(([name, key]) => this.button(name, key, () => ontool(name)));
    const steps = Object.entries(STEPS).map(([name, key]) => this.button(name, key, () => onstep(name)));
    place.replaceChildren(
      make('div', { class: 'rail-tools', role: 'group', 'aria-label': say('plan.tools') }, tools),
      make('div', { class: 'rail-steps', role: 'group', 'aria-label': say('plan.steps') }, steps),
    );
    document.addEventListener('keydown', (event) => this.pressed(event));
  }

  button(name, key, onclick) {
    const title = say(`plan.tool_${name}`);
    const made = make('button', {
      type: 'button', class: 'tool', 'data-tool': name, onclick, title: `${title} (${key})`, 'aria-keyshortcuts': key.replace('Ctrl', 'Control'),
    }, [icon(name), make('span', { class: 'tool-name', text: title }), make('kbd', { text: key, 'aria-hidden': 'true' })]);
    this.buttons.set(name, made);
    return made;
  }

  // Which tool is held, and what may be done now.
  show({ tool, drawable, undoable, redoable, busy }) {
    for (const name of Object.keys(KEYS)) {
      const made = this.buttons.get(name);
      made.setAttribute('aria-pressed', String(name === tool));
      made.disabled = !drawable && name !== 'select';
    }
    this.buttons.get('undo').disabled = !undoable || busy;
    this.buttons.get('redo').disabled = !redoable || busy;
  }

  pressed(event) {
    if (event.target.closest?.(WRITING) || event.altKey || document.querySelector('dialog[open]')) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const step = key === 'z' ? (event.shiftKey ? 'redo' : 'undo') : (key === 'y' ? 'redo' : null);
      if (!step) return;
      event.preventDefault();
      this.onstep(step);
      return;
    }
    const name = Object.keys(KEYS).find((one) => KEYS[one].toLowerCase() === key);
    if (!name || this.buttons.get(name).disabled) return;
    event.preventDefault();
    this.ontool(name);
  }
}
