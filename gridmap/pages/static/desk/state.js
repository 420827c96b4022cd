// The state of the desk lives in the address bar: any view can be sent as a link, and Back goes back.

const KEYS = ['lon', 'lat', 'datum', 'accuracy_m', 'category', 'level', 'show', 'measure', 'from', 'to', 'hide', 'view'];
const listeners = [];
let state = {};

export function read() {
  const query = new URLSearchParams(window.location.search);
  state = Object.fromEntries(KEYS.map((key) => [key, query.get(key) ?? '']));
  return state;
}

export function now() {
  return state;
}

export function address(lang = null) {
  const query = new URLSearchParams();
  for (const key of KEYS) if (state[key]) query.set(key, state[key]);
  const said = lang ?? new URLSearchParams(window.location.search).get('lang');
  if (said) query.set('lang', said);
  const text = query.toString().replaceAll('%2C', ',');
  return text ? `/?${text}` : '/';
}

// A new question is a step that Back undoes; moving the map is not.
export function change(part, { step = false } = {}) {
  state = { ...state, ...part };
  const url = address();
  if (url === window.location.pathname + window.location.search) return;
  if (step) window.history.pushState(null, '', url);
  else window.history.replaceState(null, '', url);
  listeners.forEach((listener) => listener(state, part));
}

export function onchange(listener) {
  listeners.push(listener);
}

export function onback(listener) {
  window.addEventListener('popstate', () => listener(read()));
}
