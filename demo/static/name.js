// The person's own name, changed in place.

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
