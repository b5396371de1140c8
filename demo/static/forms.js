// The forms beside the composer: the person's own name, changed in place, and a thread made from a message.

import { byId, isConverting } from './dom.js';
import { words } from './words.js';

export class Name {
  #button = byId('my-name');
  #input = byId('my-name-input');

  /** `rename` is called with the name that the person wants. */
  constructor(rename) {
    this.#button.addEventListener('click', () => this.#edit());
    this.#input.addEventListener('blur', () => this.#end());
    this.#input.addEventListener('keydown', (event) => {
      if (isConverting(event)) return;
      if (event.key === 'Enter' && this.#input.value.trim()) rename(this.#input.value.trim());
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      event.preventDefault(); // the same key would press the button that has the focus now
      this.#end();
      this.#button.focus();
    });
  }

  show(name) {
    byId('my-name-text').textContent = name;
    this.#button.setAttribute('aria-label', words.changeName(name));
    this.#button.title = words.changeName(name);
  }

  #edit() {
    this.#input.value = byId('my-name-text').textContent;
    this.#input.hidden = false;
    this.#button.hidden = true;
    this.#input.select();
  }

  #end() {
    this.#input.hidden = true;
    this.#button.hidden = false;
  }
}

export class ThreadForm {
  limit = 100; // of a name, in UTF-16 units, as the field counts them
  #dialog = byId('thread-dialog');
  #name = byId('thread-name');
  #send;
  #message = null;
  #nonce = null; // of what the server was asked and has not answered, while the form is open

  /** `send` passes a request to the server and tells whether it could be sent. */
  constructor(send) {
    this.#send = send;
    byId('thread-form').addEventListener('submit', (event) => this.#submit(event));
    byId('thread-cancel').addEventListener('click', () => this.close());
    this.#dialog.addEventListener('close', () => { this.#nonce = null; });
    this.#name.addEventListener('keydown', (event) => {
      if (isConverting(event) && (event.key === 'Enter' || event.key === 'Escape')) event.preventDefault();
    });
  }

  /** Ask for the name of a thread from a message; `text` is what the message says. */
  open(message, text) {
    this.#message = message.id;
    this.#name.maxLength = this.limit;
    this.#name.value = beginning(text || words.newThread, this.limit);
    this.#say('');
    this.#dialog.showModal();
    this.#name.select();
  }

  close() {
    this.#dialog.close();
  }

  /** True if this was asked with the form that is open. */
  asked(nonce) {
    return nonce === this.#nonce;
  }

  /** The server made no thread. */
  refused(text) {
    this.#nonce = null;
    this.#say(text);
    this.#name.focus();
  }

  /** The connection is lost: what was asked is not answered any more. */
  lost() {
    if (this.#nonce) this.refused(words.offline);
  }

  #submit(event) {
    event.preventDefault();
    if (this.#nonce) return; // a second Enter or click
    this.#nonce = crypto.randomUUID();
    this.#say('');
    const sent = this.#send({ type: 'thread', message: this.#message, name: this.#name.value, nonce: this.#nonce });
    if (!sent) this.lost();
  }

  #say(text) {
    byId('thread-refusal').textContent = text;
  }
}

/** The beginning of a text: at most so many UTF-16 units, and no half of a character at its end. */
const beginning = (text, limit) => text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '').trim();
