// The switch panel: which level's lines, which layers. Plain radio buttons and boxes: the keyboard comes free.

import { make, say } from 'gridmap/words';

let count = 0;

export function levelSwitch(levels, chosen, onchange) {
  count += 1;
  const name = `gm-level-${count}`;
  const options = levels.map((level) => {
    const input = make('input', { type: 'radio', name, value: level.key, checked: level.key === chosen });
    input.addEventListener('change', () => onchange(level.key));
    return make('label', { class: 'gm-option' }, [input, stroke(level), make('span', { text: level.name })]);
  });
  return make('fieldset', { class: 'gm-group' }, [make('legend', { text: say('map.levels') }), ...options]);
}

function stroke({ line_px: width, dashed }) {
  const line = make('span', { class: dashed ? 'gm-stroke gm-dashed' : 'gm-stroke', 'aria-hidden': 'true' });
  line.style.borderTopWidth = `${Math.max(1, width)}px`;
  return line;
}

export function layerSwitch(kinds, hidden, onchange) {
  if (!kinds.length) return null;
  const options = kinds.map(({ kind, name }) => {
    const input = make('input', { type: 'checkbox', checked: !hidden.has(kind) });
    input.addEventListener('change', () => onchange(kind, input.checked));
    return make('label', { class: 'gm-option' }, [input, make('span', { text: name })]);
  });
  return make('fieldset', { class: 'gm-group' }, [make('legend', { text: say('map.layers') }), ...options]);
}

// A panel that opens and closes by its button, and closes by Escape.
export function foldable(label, content, open) {
  const body = make('div', { class: 'gm-fold-body' }, content);
  const button = make('button', { type: 'button', class: 'gm-fold-button', 'aria-expanded': String(open), text: label });
  const box = make('div', { class: 'gm-fold' }, [button, body]);
  const set = (on) => {
    body.hidden = !on;
    button.setAttribute('aria-expanded', String(on));
  };
  button.addEventListener('click', () => set(body.hidden));
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || body.hidden) return;
    set(false);
    button.focus();
    event.stopPropagation();
  });
  set(open);
  return box;
}
