// What the desk's address holds.

import { Address } from 'page/address';

const KEYS = ['lon', 'lat', 'datum', 'accuracy_m', 'category', 'level', 'show', 'measure', 'from', 'to', 'hide', 'view'];
const bar = new Address('/', KEYS);

export const read = () => bar.read();
export const now = () => bar.now();
export const address = (lang) => bar.text(lang);
export const change = (part, options) => bar.change(part, options);
export const onchange = (listener) => bar.onchange(listener);
export const onback = (listener) => bar.onback(listener);
