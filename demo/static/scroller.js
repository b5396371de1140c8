// The messages' scrolling: who is at their end stays there.

import { byId } from './dom.js';

const NEAR = 60; // pixels from the end that still count as being there

export class Scroller {
  atEnd = true;
  #box = byId('scroller');
  #top = 0;

  constructor() {
    this.#box.addEventListener('scroll', () => this.#scrolled());
    const resized = new ResizeObserver(() => this.atEnd && this.#toEnd());
    resized.observe(byId('content'));
    resized.observe(this.#box);
    byId('jump').addEventListener('click', () => this.showEnd());
  }

  showEnd() {
    this.atEnd = true;
    this.#toEnd();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const near = scrollHeight - scrollTop - clientHeight < NEAR;
    // New messages may have come since the page itself scrolled: only who moves up leaves the end.
    this.atEnd = near || (this.atEnd && scrollTop >= this.#top);
    this.#top = scrollTop;
    byId('jump').hidden = this.atEnd;
  }

  #toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
  }
}
