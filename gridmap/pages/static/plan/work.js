// The plan as the service has it, and everything that changes it: one write at a time, each safe to repeat.

import { Problem, get, post } from 'page/api';

const PAUSE_MS = 600;

// A key of its own for each request; `crypto.randomUUID` is missing where a page came without TLS.
export function freshKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Sends a write; where the line broke it is sent once more under the same key, so that nothing is done twice.
export async function write(path, body, who, key = null) {
  const headers = { ...who.headers(), ...(key ? { 'Idempotency-Key': key } : {}) };
  try {
    return await post(path, body, headers);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 0 || !key) throw problem;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    return post(path, body, headers);
  }
}

export class Work {
  constructor(number, who) {
    Object.assign(this, { number, who, path: `/plans/${number}`, edits: [], steps: [], listeners: [] });
    this.last = Promise.resolve();
  }

  onchange(listener) {
    this.listeners.push(listener);
  }

  async load() {
    const told = await get(this.path);
    Object.assign(this, { edits: told.edits, steps: told.steps, newest: told.newest });
    this.take(told);
  }

  take({ plan, counts, findings }) {
    this.plan = plan;
    if (counts) Object.assign(this, { counts, findings });
    this.listeners.forEach((listener) => listener(this));
  }

  get drawable() {
    return this.plan.state === 'draft';
  }

  get undoable() {
    return this.drawable && this.plan.head !== null;
  }

  get redoable() {
    return this.drawable && this.edits.some(({ prev }) => prev === this.plan.head);
  }

  // Whoever drew cannot approve.
  get mine() {
    return [this.plan.author, ...this.plan.drawers].includes(this.who.name);
  }

  // Lets writes follow one another: each names the edit that it was made on.
  queue(job) {
    const turn = this.last.then(job, job);
    this.last = turn.catch(() => {});
    return turn;
  }

  // Carries an edit out. What is refused for want of a line can be sent again as it was: `problem.again`.
  edit(edit) {
    return this.queue(async () => {
      const before = this.plan.head;
      const body = { edit, after: before ?? 0 };
      const key = freshKey();
      const go = async () => {
        const told = await write(`${this.path}/edits`, body, this.who, key);
        if (!this.edits.some(({ number }) => number === told.edit)) {
          this.edits.push({ number: told.edit, prev: before, kind: edit.kind, author: this.who.name, made_at: told.plan.changed_at });
        }
        this.take(told);
        return told;
      };
      try {
        return await go();
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 0) problem.again = () => this.queue(go);
        throw problem;
      }
    });
  }

  step(action) {
    return this.queue(async () => {
      const told = await write(`${this.path}/${action}`, { after: this.plan.head }, this.who);
      this.take(told);
      return told;
    });
  }

  // Leads the plan on: submit, approve, send-back, publish, withdraw, cancel, rebase.
  lead(action, body) {
    return this.queue(async () => {
      const told = await write(`${this.path}/${action}`, body, this.who, action === 'publish' ? freshKey() : null);
      await this.load();
      return told;
    });
  }
}
