// Talks to /api/v1: JSON in, and problems (RFC 9457) turned into sentences that a person can act on.

import { say } from 'gridmap/words';

const BASE = '/api/v1';
const MOST_PAGES = 10;

export class Problem extends Error {
  // `more` is the whole problem document, with the members of its own kind.
  constructor(status, detail, faults = [], more = {}) {
    super(detail);
    Object.assign(this, { status, faults, more });
  }

  // One line per fault, each with how to mend it.
  lines() {
    if (!this.faults.length) return [this.message];
    return this.faults.map(({ message, mend }) => (mend ? `${message} (${mend})` : message));
  }
}

export async function get(path, values = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') query.set(key, value);
  }
  return send(`${BASE}${path}?${query}`, { signal });
}

export async function post(path, body, headers = {}) {
  return send(`${BASE}${path}`, {
    method: 'POST', headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body),
  });
}

export async function send(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { headers: { Accept: 'application/json' }, ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, say('page.unreachable'));
  }
  let body = null;
  try {
    body = await response.json();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
  }
  if (response.ok && body !== null) return body;
  throw new Problem(response.status, body?.detail ?? body?.title ?? `HTTP ${response.status}`, body?.faults ?? [], body ?? {});
}

// All pages of a list, up to a bound; `more` tells that the bound cut it off.
export async function all(path, values, signal, most = MOST_PAGES) {
  const features = [];
  let next = null;
  for (let page = 0; page < most; page += 1) {
    const body = await get(path, { ...values, next }, signal);
    features.push(...body.features);
    next = body.next ?? null;
    if (!next) return { features, more: false };
  }
  return { features, more: true };
}

// Repeats of the same question are answered from memory; the newest question of a kind cancels the one before.
export function latest() {
  let controller = null;
  return async (ask) => {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    try {
      const answer = await ask(signal);
      return signal.aborted ? null : answer;
    } catch (error) {
      if (error.name === 'AbortError' || signal.aborted) return null;
      throw error;
    }
  };
}
