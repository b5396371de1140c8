// The list of messages: built once for each, changed in place as they grow.

import { avatar, byId, element, icon } from './dom.js';
import { renderMarkdown } from './markdown.js';
import { appTag, attachmentLink, headLine, prepareSpoiler, replaceTail, usedLine } from './parts.js';
import { Scroller } from './scroller.js';
import { dayText, timeText, words } from './words.js';

const GROUP_SECONDS = 7 * 60; // messages of one person within this time are under one name, as in Discord
const BUTTONS = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'danger', 5: 'link' };
const OWN_CLICKS = 'a, button, pre, code, .spoiler, .attachments'; // in which a double click does something else
const ANNOUNCED = 5; // texts that stay in the screen reader's region

/** True if nobody can do anything with a message: only one person sees it, or it shows one of another place. */
const isFixed = ({ private: isPrivate, starter }) => isPrivate || starter;

/**
 * onReply(message), onEdit, onDelete and onThread for what somebody wants to do with it, onClick(message, id) for its
 * buttons, onOpen(id) for its thread.
 */
export class MessageList {
  #store;
  #actions;
  #rows = new Map();
  #list = byId('messages');
  scroller = new Scroller();

  constructor(store, actions) {
    this.#store = store;
    this.#actions = actions;
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    byId('chat').addEventListener('click', (event) => this.#select(event.target.closest('.message')));
    this.#list.addEventListener('dblclick', (event) => this.#replyByDoubleClick(event));
    this.#list.addEventListener('focusin', (event) => this.#setCurrent(event.target.closest('.message')));
  }

  /** Show just these messages; those that are shown already stay as they are, unless all is built `anew`. */
  reset(messages, { anew }) {
    if (anew) this.#clear();
    const standing = new Set(messages.map(({ id }) => id));
    for (const id of [...this.#rows.keys()]) if (!standing.has(id)) this.remove(id);
    for (const message of messages) this.put(message, { announce: false });
  }

  #clear() {
    this.#store.messages.clear();
    this.#rows.clear();
    this.#list.replaceChildren();
  }

  /** Show a message, or what it says now. */
  put(message, { announce = true } = {}) {
    const before = this.#store.messages.get(message.id);
    this.#store.messages.set(message.id, message);
    const row = this.#rows.get(message.id) ?? this.#add(message);
    this.#fill(row, message, before);
    for (const quote of this.#list.querySelectorAll(`[data-quotes="${message.id}"]`)) this.#fillQuote(quote);
    const mine = message.author === this.#store.you.id;
    if (announce && mine && !before) this.scroller.showEnd();
    if (announce && !mine && !message.streaming && (!before || before.streaming)) this.#announce(message);
  }

  remove(id) {
    this.#store.messages.delete(id);
    const row = this.#rows.get(id);
    if (!row) return;
    this.#rows.delete(id);
    const next = row.nextElementSibling;
    row.remove();
    if (next?.classList.contains('message')) this.#group(next);
    for (const quote of this.#list.querySelectorAll(`[data-quotes="${id}"]`)) this.#fillQuote(quote);
  }

  /** Somebody has another name. */
  renamed(user) {
    for (const name of this.#list.querySelectorAll(`[data-user="${user.id}"]`)) name.textContent = user.name;
    for (const row of this.#list.querySelectorAll(`[data-author="${user.id}"] > .avatar`)) row.replaceWith(avatar(user));
    for (const picture of this.#list.querySelectorAll(`[data-used-by="${user.id}"] > .avatar`)) picture.replaceWith(avatar(user, 'tiny'));
    for (const quote of this.#list.querySelectorAll('[data-quotes]')) this.#fillQuote(quote);
  }

  /** A line under a message that only this window sees. */
  note(id, text) {
    const row = this.#rows.get(id);
    row?.querySelector('.ephemeral')?.remove();
    const line = element('p', { className: 'ephemeral', role: 'status' }, element('span', { textContent: text }));
    const dismiss = element('button', { type: 'button', textContent: words.dismiss, onclick: () => line.remove() });
    line.append(element('small', {}, `${words.onlyYou} • `, dismiss));
    row?.append(line);
  }

  /** If a message in the list has this thread, show it there as it is now. */
  showThread(id) {
    const row = this.#rows.get(id);
    if (row) this.#fillThread(row);
  }

  // Building

  #add(message) {
    const author = this.#store.users.get(message.author);
    const text = element('div', { className: 'text' });
    const row = element('li', { className: 'message', tabIndex: -1 }, avatar(author), headLine(author, message), text);
    row.dataset.id = message.id;
    row.dataset.author = message.author;
    if (message.reply_to) row.prepend(this.#quote(message.reply_to));
    if (message.used) row.prepend(usedLine(message.used));
    row.append(element('time', { className: 'side-time', textContent: timeText(message.time), 'aria-hidden': 'true' }));
    row.append(this.#actionsOf(message));
    if (message.private) {
      const dismiss = element('button', { type: 'button', textContent: words.dismiss, onclick: () => this.remove(message.id) });
      row.append(element('small', { className: 'foot' }, icon('eye'), `${words.onlyYou} • `, dismiss));
      row.classList.add('private');
    }
    this.#rows.set(message.id, row);
    this.#list.append(row);
    this.#group(row);
    if (this.scroller.atEnd || message.author === this.#store.you.id) this.#setCurrent(row);
    return row;
  }

  #actionsOf(message) {
    const mine = message.author === this.#store.you.id;
    const wanted = [['reply', 'reply', 'onReply']];
    if (mine) wanted.push(['edit', 'pen', 'onEdit']);
    if (!this.#store.open.thread) wanted.push(['thread', 'thread', 'onThread']);
    if (mine) wanted.push(['delete', 'bin', 'onDelete']);
    return element('div', { className: 'actions' }, ...(isFixed(message) ? [] : wanted).map(([word, symbol, action]) => {
      const onclick = () => this.#actions[action](this.#store.messages.get(message.id));
      const label = { title: words[word], 'aria-label': words[word], 'data-action': word };
      return element('button', { className: 'icon-button', type: 'button', tabIndex: -1, onclick, ...label }, icon(symbol));
    }));
  }

  #quote(id) {
    const quote = element('button', { type: 'button', className: 'quote' });
    quote.dataset.quotes = id;
    quote.addEventListener('click', () => this.#jump(id));
    this.#fillQuote(quote);
    return quote;
  }

  #fillQuote(quote) {
    const message = this.#store.messages.get(quote.dataset.quotes);
    if (!message) {
      quote.disabled = true;
      quote.replaceChildren(element('em', { textContent: words.deletedOriginal }));
      return;
    }
    const author = this.#store.users.get(message.author);
    const text = this.plain(message) || words.attachmentOnly;
    quote.disabled = false;
    quote.setAttribute('aria-label', words.showQuoted(author.name, text.slice(0, 100)));
    quote.replaceChildren(
      avatar(author, 'tiny'),
      appTag(author) ?? '',
      element('span', { className: 'quote-name', textContent: `@${author.name}` }),
      element('span', { className: 'quote-text', textContent: text.slice(0, 200) }),
    );
  }

  /** Put a message under the name of the one before it, or a new day above it, where that is so. */
  #group(row) {
    const message = this.#store.messages.get(row.dataset.id);
    const above = row.previousElementSibling?.closest('.message');
    const before = above && this.#store.messages.get(above.dataset.id);
    const day = dayText(message.time);
    const newDay = before && dayText(before.time) !== day;
    const close = before && before.author === message.author && message.time - before.time < GROUP_SECONDS;
    row.classList.toggle('grouped', Boolean(close && !newDay && !message.reply_to && !message.used && !before.private));
    if (newDay) row.before(element('li', { className: 'day', textContent: day }));
  }

  // Filling

  #fill(row, message, before) {
    const same = before && ['text', 'edited', 'loading'].every((name) => before[name] === message[name]);
    if (!same) this.#fillText(row, message);
    if (!before || JSON.stringify(before.attachments) !== JSON.stringify(message.attachments)) this.#fillFiles(row, message);
    if (!before || JSON.stringify(before.rows) !== JSON.stringify(message.rows)) this.#fillButtons(row, message);
    this.#fillThread(row);
  }

  #fillText(row, message) {
    const text = row.querySelector('.text');
    if (message.loading) {
      text.replaceChildren(element('em', { textContent: words.thinking(this.#store.user(message.author)) }));
      return;
    }
    if (message.starter && !message.text && !message.attachments.length) {
      text.replaceChildren(element('em', { textContent: words.deletedOriginal }));
      return;
    }
    const fresh = renderMarkdown(message.text, this.#store);
    const shown = [...text.querySelectorAll('.spoiler')].map((spoiler) => spoiler.classList.contains('open'));
    fresh.querySelectorAll('.spoiler').forEach((spoiler, index) => prepareSpoiler(spoiler, shown[index]));
    if (message.edited !== null) {
      const edited = element('span', { className: 'edited', textContent: words.edited, title: timeText(message.edited) });
      const last = fresh.lastElementChild;
      (last?.tagName === 'P' ? last : fresh).append(' ', edited);
    }
    replaceTail(text, fresh);
  }

  #fillFiles(row, message) {
    row.querySelector('.attachments')?.remove();
    if (!message.attachments.length) return;
    const files = element('div', { className: 'attachments' }, ...message.attachments.map(attachmentLink));
    row.querySelector('.text').after(files);
  }

  #fillButtons(row, message) {
    row.querySelector('.button-rows')?.remove();
    if (!message.rows.length) return;
    const rows = message.rows.map((buttons) => element('div', { className: 'button-row' },
      ...buttons.map((button) => this.#button(message, button))));
    (row.querySelector('.thread') ?? row.querySelector('.actions')).before(element('div', { className: 'button-rows' }, ...rows));
  }

  /** Under a message with a thread: its name, how much was written there, and the way to it. */
  #fillThread(row) {
    const thread = this.#store.places.get(row.dataset.id); // it has the message's id
    const make = row.querySelector('[data-action="thread"]');
    if (make) make.hidden = Boolean(thread);
    if (!thread) {
      row.querySelector('.thread')?.remove();
      return;
    }
    const box = row.querySelector('.thread') ?? this.#addThread(row);
    const count = words.threadMessages(thread.messages);
    box.setAttribute('aria-label', words.openThread(thread.name, count));
    box.firstElementChild.textContent = thread.name;
    box.lastElementChild.replaceChildren(count, icon('next'));
  }

  #addThread(row) {
    const onclick = () => this.#actions.onOpen(row.dataset.id);
    const parts = [element('b', { dir: 'auto' }), element('span')];
    const box = element('button', { type: 'button', className: 'thread', tabIndex: row.tabIndex, onclick }, ...parts);
    row.querySelector('.actions').before(box);
    return box;
  }

  #button(message, { style, label, emoji, custom_id: customId, url, disabled }) {
    const className = `button ${BUTTONS[style]}`;
    const text = [emoji, label].filter(Boolean).join(' ');
    if (BUTTONS[style] !== 'link') {
      const onclick = () => this.#actions.onClick(message, customId);
      return element('button', { type: 'button', className, disabled, textContent: text, onclick });
    }
    const link = element('a', { className, textContent: text, target: '_blank', rel: 'noopener noreferrer' });
    if (/^https?:\/\//i.test(url) && !disabled) link.href = url;
    return link;
  }

  /** What a message says, on one line and without its form. */
  plain(message) {
    const fragment = renderMarkdown(message.text, this.#store);
    for (const spoiler of fragment.querySelectorAll('.spoiler')) spoiler.textContent = '▒▒▒▒';
    return fragment.textContent.replace(/\s+/g, ' ').trim();
  }

  #announce(message) {
    const announcer = byId('announcer');
    announcer.append(element('p', { textContent: `${this.#store.user(message.author)}: ${this.plain(message)}` }));
    while (announcer.childElementCount > ANNOUNCED) announcer.firstElementChild.remove();
  }

  // Moving

  #jump(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    row.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
    row.focus({ preventScroll: true });
    row.classList.add('found');
    setTimeout(() => row.classList.remove('found'), 1600);
  }

  /** One message at a time is a stop of the Tab key; the arrow keys lead to the others. */
  #setCurrent(row) {
    if (!row || row.tabIndex === 0) return;
    const old = this.#list.querySelector('.message[tabindex="0"]');
    for (const [stop, index] of [[old, -1], [row, 0]]) {
      if (!stop) continue;
      stop.tabIndex = index;
      for (const button of stop.querySelectorAll('.thread, .actions button')) button.tabIndex = index;
    }
  }

  /** The message that was clicked shows its actions, also where nothing can hover. */
  #select(row) {
    this.#list.querySelector('.message.selected')?.classList.remove('selected');
    row?.classList.add('selected');
  }

  #replyByDoubleClick({ target }) {
    const row = target.closest('.message');
    if (row && !target.closest(OWN_CLICKS)) this.#reply(row);
  }

  #key(event) {
    const row = event.target;
    if (!row.classList.contains('message')) return;
    const steps = { ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling' };
    if (steps[event.key]) {
      let next = row[steps[event.key]];
      if (next?.classList.contains('day')) next = next[steps[event.key]];
      next?.focus();
      this.#select(null);
      event.preventDefault();
    } else if (event.key === 'r' && !row.classList.contains('selected') && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.#reply(row);
      event.preventDefault();
    }
  }

  #reply(row) {
    const message = this.#store.messages.get(row.dataset.id);
    if (!isFixed(message)) this.#actions.onReply(message);
  }
}
