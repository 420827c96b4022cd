// The state of a page lives in the address bar: any view can be sent as a link, and Back goes back.

export class Address {
  constructor(path, keys) {
    Object.assign(this, { path, keys });
    this.listeners = [];
    this.state = {};
  }

  read() {
    const query = new URLSearchParams(window.location.search);
    this.state = Object.fromEntries(this.keys.map((key) => [key, query.get(key) ?? '']));
    return this.state;
  }

  now() {
    return this.state;
  }

  // The address of this view, in another language where one is named.
  text(lang = null, state = this.state) {
    const query = new URLSearchParams();
    for (const key of this.keys) if (state[key]) query.set(key, state[key]);
    const said = lang ?? new URLSearchParams(window.location.search).get('lang');
    if (said) query.set('lang', said);
    const text = query.toString().replaceAll('%2C', ',');
    return text ? `${this.path}?${text}` : this.path;
  }

  // A new question is a step that Back undoes; moving the map is not.
  change(part, { step = false } = {}) {
    this.state = { ...this.state, ...part };
    const url = this.text();
    if (url === window.location.pathname + window.location.search) return;
    if (step) window.history.pushState(null, '', url);
    else window.history.replaceState(null, '', url);
    this.listeners.forEach((listener) => listener(this.state, part));
  }

  onchange(listener) {
    this.listeners.push(listener);
  }

  onback(listener) {
    window.addEventListener('popstate', () => listener(this.read()));
  }
}
