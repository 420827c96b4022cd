// The words of a page, in one language, from the one catalogue; figures and distances as a person says them.

let table = {};
let tag = 'zh-CN';
let place = 'Asia/Shanghai';

export function speak(words, lang, zoneOfCity = place) {
  table = words;
  place = zoneOfCity;
  tag = lang === 'en' ? 'en' : 'zh-CN';
}

export function language() {
  return tag === 'en' ? 'en' : 'zh';
}

// The zone of the city's clocks.
export function zone() {
  return place;
}

// The city's date of an instant, as 2026-11-22.
export function dayIn(instant) {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: place }).format(instant);
}

// The instant at which a day of the city begins, `later` days after it.
export function midnight(text, later) {
  return showing(Date.parse(`${text}T00:00:00Z`) + later * 86400000);
}

// The instant at which the city's clocks show a date and time such as 2026-11-22T08:30.
export function instantOf(text) {
  return showing(Date.parse(`${text}Z`));
}

// What the city's clocks show at an instant, as 2026-11-22T08:30.
export function clockAt(instant) {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: place, dateStyle: 'short', timeStyle: 'short' });
  return parts.format(instant).replace(' ', 'T');
}

// An instant as a person says it, by the city's clocks.
export function moment(instant) {
  return new Intl.DateTimeFormat(tag, { timeZone: place, dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant));
}

// The instant at which the city's clocks show what clocks of UTC show at `wanted`.
function showing(wanted) {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: place, dateStyle: 'short', timeStyle: 'medium' });
  // What the city's clocks show at that UTC instant tells how far they run ahead.
  const ahead = Date.parse(`${parts.format(wanted).replace(' ', 'T')}Z`) - wanted;
  return new Date(wanted - ahead);
}

export function say(key, values = {}) {
  const text = table[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// A text of the data: a pair {zh, en}, or a plain string.
export function said(text) {
  if (text === null || text === undefined) return '';
  return typeof text === 'string' ? text : (text[language()] ?? text.zh ?? '');
}

export function figure(value, decimals = 0) {
  if (value === null || value === undefined) return '–';
  const most = Number.isInteger(value) ? 0 : Math.max(decimals, 1);
  return value.toLocaleString(tag, { maximumFractionDigits: most });
}

export function metres(value) {
  if (value < 10) return `${value.toLocaleString(tag, { maximumFractionDigits: 1 })} m`;
  if (value < 1000) return `${Math.round(value).toLocaleString(tag)} m`;
  return `${(value / 1000).toLocaleString(tag, { maximumFractionDigits: value < 10000 ? 2 : 1 })} km`;
}

export function area(squareMetres) {
  if (squareMetres < 1e6) {
    return `${(squareMetres / 1e4).toLocaleString(tag, { maximumFractionDigits: squareMetres < 1e5 ? 2 : 1 })} ha`;
  }
  return `${(squareMetres / 1e6).toLocaleString(tag, { maximumFractionDigits: 2 })} km²`;
}

// Makes an element. Text goes in as text: no string of the data is ever read as markup.
export function make(name, options = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'text') element.textContent = value;
    else if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
