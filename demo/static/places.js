// The channel and its threads: the list beside the messages, and what the page says of the one that is open.

import { byId, element, icon } from './dom.js';
import { words } from './words.js';

const ROOMY = matchMedia('(min-width: 1101px)'); // where the list has a place of its own, see page.css

export class PlaceList {
  #store;
  #open;
  #sidebar = byId('sidebar');
  #toggle = byId('threads-toggle'); // which shows the list where the window is narrow
  #rows = new Map();
  #seen = new Map(); // when the newest message was written that stood in a place while it was open, or is one's own

  /** `open` is called with the id of the place that the person wants to see. */
  constructor(store, open) {
    this.#store = store;
    this.#open = open;
    byId('back').addEventListener('click', () => open(store.channel.id));
    ROOMY.addEventListener('change', () => ROOMY.matches && this.#sidebar.hidePopover());
    this.#sidebar.addEventListener('toggle', () => this.#scrollToOpen());
  }

  /** Show the places that there are. What was there before the first time counts as seen. */
  reset() {
    const places = [...this.#store.places.values()];
    if (!this.#seen.size) for (const { id, latest } of places) this.#seen.set(id, latest);
    for (const id of [...this.#rows.keys()]) if (!this.#store.places.has(id)) this.#remove(id);
    for (const place of places) this.put(place);
    this.#showToggle();
    this.#showOpen();
    this.#scrollToOpen();
  }

  /** Show a place that is new, or has another message. */
  put({ id, name, thread, latest, author }) {
    const open = id === this.#store.place;
    if (open || author === this.#store.you.id) this.#seen.set(id, latest);
    const unread = latest > (this.#seen.get(id) ?? 0);
    const { button } = this.#rows.get(id) ?? this.#add(id, thread);
    button.querySelector('span').textContent = name;
    button.classList.toggle('unread', unread);
    button.title = name;
    button.setAttribute('aria-label', unread ? words.unread(name) : name);
    if (open) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
    this.#showToggle();
  }

  #showToggle() {
    const unread = [...this.#rows.values()].some(({ button }) => button.classList.contains('unread'));
    this.#toggle.hidden = !byId('threads').childElementCount;
    this.#toggle.classList.toggle('unread', unread);
    this.#toggle.setAttribute('aria-label', unread ? words.unread(words.threads) : words.threads);
  }

  #scrollToOpen() {
    this.#rows.get(this.#store.place)?.button.scrollIntoView({ block: 'nearest' });
  }

  #choose(id) {
    this.#sidebar.hidePopover();
    this.#open(id);
  }

  #add(id, thread) {
    const onclick = () => this.#choose(id);
    const button = element('button', { type: 'button', className: 'place', onclick }, thread ? null : icon('hash'), element('span', { dir: 'auto' }));
    const row = thread ? element('li', {}, button) : button;
    if (thread) byId('threads').append(row);
    else byId('channel').prepend(row);
    this.#rows.set(id, { row, button });
    return { row, button };
  }

  #remove(id) {
    this.#rows.get(id).row.remove();
    this.#rows.delete(id);
  }

  #showOpen() {
    const { name, thread } = this.#store.open;
    const channel = this.#store.channel.name;
    for (const use of document.querySelectorAll('.place-icon')) use.setAttribute('href', thread ? '#icon-thread' : '#icon-hash');
    byId('place-name').textContent = name;
    byId('topic').textContent = thread ? words.threadTopic : words.topic;
    byId('welcome-title').textContent = thread ? name : words.welcomeTitle(name);
    byId('welcome-text').textContent = thread ? words.threadWelcome : words.welcome;
    byId('messages').setAttribute('aria-label', thread ? words.messagesInThread(name) : words.messagesIn(name));
    byId('back').hidden = !thread;
    byId('back-name').textContent = channel;
    byId('back').title = words.backTo(channel);
    byId('back').setAttribute('aria-label', words.backTo(channel));
    document.title = `${thread ? name : `#${name}`} | ${words.server}`;
  }
}
