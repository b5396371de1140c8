// The line that says who types.

import { byId, element } from './dom.js';
import { words } from './words.js';

const LIFE = 10; // seconds, as in Discord

export class TypingLine {
  #store;
  #ends = new Map();

  constructor(store) {
    this.#store = store;
  }

  reset(events, now) {
    for (const id of [...this.#ends.keys()]) this.#end(id);
    for (const { user, at } of events) this.#begin(user, LIFE - (now - at));
  }

  began({ user }) {
    if (user !== this.#store.you.id) this.#begin(user, LIFE);
  }

  /** A message of theirs ends it; one that only changed doesn't. */
  wrote({ author, edited }) {
    if (edited === null) this.#end(author);
  }

  #begin(user, seconds) {
    clearTimeout(this.#ends.get(user));
    this.#ends.set(user, setTimeout(() => this.#end(user), seconds * 1000));
    this.#show();
  }

  #end(user) {
    clearTimeout(this.#ends.get(user));
    this.#ends.delete(user);
    this.#show();
  }

  #show() {
    const names = [...this.#ends.keys()].filter((id) => id !== this.#store.you.id).map((id) => this.#store.user(id));
    const dots = element('span', { className: 'dots', 'aria-hidden': 'true' }, element('i'), element('i'), element('i'));
    const say = [null, words.typing1, words.typing2][names.length];
    const text = say ? say(...names) : words.typingMany;
    byId('typing').replaceChildren(...(names.length ? [dots, element('span', { textContent: text })] : []));
  }
}
