// What a person writes: the text, the files, and which message it answers or changes; begun in each place for itself.

import { byId, countCharacters, element, icon, isConverting } from './dom.js';
import { NOTHING, requestFor, upload, withDraft, without, withoutGone } from './drafts.js';
import { sizeText } from './parts.js';
import { SlashMenu } from './slash.js';
import { words } from './words.js';

const COUNT_FROM = 200; // characters before the limit at which the counter appears
const TYPING_PAUSE = 5000; // milliseconds between two reports that somebody types
const TALLEST = 0.4; // of the window's height
const NOTE_LIFE = 8000; // milliseconds
const HAS_MOUSE = matchMedia('(pointer: fine)'); // elsewhere the focus would open the keyboard over the page

export class Composer {
  #send;
  #store;
  #limits = { text: 2000, upload: 1 << 20, files: 10 };
  #text = byId('text');
  #files = [];
  #replyTo = null;
  #editing = null;
  #place = null; // the id of the one that is open
  #left = new Map(); // what was begun in other places, by their ids
  #slash;
  #drafts = new Map(); // what the server was sent and has not taken yet, by its nonce
  #typed = -Infinity;
  #sending = false;

  /** `send` passes a request to the server and tells whether it could be sent. */
  constructor(store, send) {
    this.#store = store;
    this.#send = send;
    this.#slash = new SlashMenu(this.#text, {
      complete: (request) => send({ type: 'complete', place: this.#place, ...request }),
      put: (text) => this.#put(text),
    });
    byId('composer').addEventListener('submit', (event) => this.#submit(event));
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('input', () => this.#typedIn());
    byId('reply-cancel').addEventListener('click', () => this.#cancel());
    byId('hint').addEventListener('click', () => this.#sayHint());
    document.addEventListener('keydown', (event) => this.#catchTyping(event));
    this.#listenForFiles();
    if (HAS_MOUSE.matches) this.#text.focus();
  }

  set limits(limits) {
    this.#limits = limits;
    this.#changed();
  }

  /** Write in this place from now on. What was begun stays in the one that is left; of one that is gone, it comes along. */
  open({ id, name, thread }) {
    const label = thread ? words.messageToThread(name) : words.messageTo(name);
    this.#text.placeholder = label;
    this.#text.setAttribute('aria-label', label);
    if (id === this.#place) return;
    const [begun, there] = [this.#begun, this.#left.get(id) ?? NOTHING];
    const stays = this.#store.places.has(this.#place);
    if (stays) this.#left.set(this.#place, begun);
    this.#place = id;
    this.#load(stays ? there : withDraft(there, withoutGone(begun, this.#store.messages), this.#limits.files));
    if (HAS_MOUSE.matches) this.#text.focus();
  }

  set commands(commands) {
    this.#slash.commands = commands;
    this.#changed();
  }

  replyTo(message) {
    if (this.#editing) this.#cancel();
    this.#replyTo = message.id;
    this.#showBar();
    this.#text.focus();
  }

  /** Let the person change what they wrote; what they were writing comes back afterwards. */
  edit(message) {
    const before = this.#editing?.before ?? this.#text.value;
    this.#replyTo = null;
    this.#editing = { id: message.id, before };
    this.#put(message.text.replace(/<@!?(\d+)>/g, (mention, id) => (this.#store.users.has(id) ? `@${this.#store.user(id)}` : mention)));
    this.#showBar();
    this.#text.focus();
  }

  #showBar() {
    const answered = this.#store.messages.get(this.#replyTo);
    const text = this.#editing ? words.editing : answered ? words.replyingTo(this.#store.user(answered.author)) : '';
    byId('reply-text').textContent = text;
    byId('reply-bar').hidden = !text;
  }

  /** Neither answer nor change a message. */
  #cancel() {
    this.#load({ ...this.#begun, text: this.#editing?.before ?? this.#text.value, replyTo: null, editing: null });
    this.#text.focus();
  }

  get #begun() {
    return { text: this.#text.value, files: this.#files, replyTo: this.#replyTo, editing: this.#editing };
  }

  /** Let this stand in the composer. */
  #load(begun) {
    const { text, files, replyTo, editing } = withoutGone(begun, this.#store.messages);
    this.#replyTo = replyTo;
    this.#editing = editing;
    this.#showBar();
    this.#setFiles(files);
    this.#put(text);
  }

  /** Change what was begun in a place, whether it is open or not; of one that is gone, it has come along. */
  #change(place, change) {
    if (place === this.#place || !this.#store.places.has(place)) this.#load(change(this.#begun));
    else this.#left.set(place, change(this.#left.get(place) ?? NOTHING));
  }

  /** The bot offers choices for what is being typed. */
  offer(event) {
    this.#slash.offer(event);
  }

  /** The server took a message. */
  taken(nonce) {
    this.#drafts.delete(nonce);
  }

  /** The server did not take a message: it is in the composer again, after what else is there. */
  refused(nonce, text) {
    const draft = this.#drafts.get(nonce);
    this.#drafts.delete(nonce);
    if (draft) this.#change(draft.place, (begun) => withDraft(begun, draft, this.#limits.files));
    this.say(text);
  }

  /** Tell the person something, for some seconds. */
  say(text) {
    const line = element('p', { textContent: text });
    byId('notes').replaceChildren(line);
    setTimeout(() => line.remove(), NOTE_LIFE);
  }

  // Text

  #key(event) {
    if (isConverting(event) || this.#slash.key(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      byId('composer').requestSubmit();
    } else if (event.key === 'Escape' && (this.#replyTo || this.#editing)) {
      this.#cancel();
    }
  }

  /** What is typed where nothing takes text comes here; a space presses buttons and scrolls. */
  #catchTyping(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === ' ' || countCharacters(event.key) !== 1) return;
    if (!event.target.closest('input, textarea')) this.#text.focus();
  }

  #changed() {
    const left = this.#limits.text - countCharacters(this.#text.value);
    const counter = byId('counter');
    counter.hidden = left > COUNT_FROM;
    counter.textContent = left;
    counter.title = words.left(left);
    counter.classList.toggle('over', left < 0);
    byId('send').classList.toggle('ready', Boolean(this.#text.value.trim() || this.#files.length));
    this.#text.style.height = 'auto';
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, innerHeight * TALLEST)}px`;
    this.#slash.update(this.#editing ? '' : this.#text.value);
  }

  #typedIn() {
    this.#changed();
    const isMessage = this.#text.value && !this.#editing && !this.#text.value.startsWith('/');
    if (!isMessage || performance.now() <= this.#typed + TYPING_PAUSE) return;
    this.#typed = performance.now();
    this.#send({ type: 'typing', place: this.#place });
  }

  #put(text) {
    if (this.#text.value !== text) this.#text.value = text; // or a conversion that is under way would end
    this.#changed();
  }

  #sayHint() {
    if (this.#sending) return; // a message takes all files that wait on the server
    this.#upload({ ...NOTHING, place: this.#place, text: byId('hint-text').textContent });
    if (HAS_MOUSE.matches) this.#text.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const draft = this.#sending ? null : this.#draft();
    if (!draft) return;
    if (countCharacters(draft.text) > this.#limits.text) {
      this.say(words.too_long);
      return;
    }
    this.#sending = true;
    const sent = await this.#upload(draft).finally(() => { this.#sending = false; });
    if (sent) this.#change(draft.place, (begun) => without(begun, draft));
    this.#typed = -Infinity;
  }

  /** What would be sent now; null, perhaps with a word why, if nothing. */
  #draft() {
    const text = this.#text.value.trim();
    const draft = { ...NOTHING, place: this.#place, text };
    if (this.#editing) return text ? { ...draft, editing: this.#editing.id } : null;
    const command = this.#slash.read(text, this.#files);
    if (command?.error) {
      this.say(command.error);
      return null;
    }
    if (command) return { ...draft, files: command.files, command };
    return text || this.#files.length ? { ...draft, files: this.#files, replyTo: this.#replyTo } : null;
  }

  async #upload(draft) {
    const nonce = crypto.randomUUID();
    const ids = [];
    for (const file of draft.files) {
      const id = await upload(file).catch(() => null);
      if (id === null) {
        this.say(words.upload_failed(file.name));
        return false;
      }
      ids.push(id);
    }
    this.#drafts.set(nonce, draft);
    const sent = this.#send({ ...requestFor(draft, ids), nonce });
    if (!sent) this.say(words.offline);
    return sent;
  }

  // Files

  #listenForFiles() {
    const input = byId('file-input');
    byId('attach').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      this.#addFiles([...input.files]);
      input.value = '';
    });
    this.#text.addEventListener('paste', (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.#addFiles([...event.clipboardData.files]);
    });
    const chat = byId('chat');
    const show = (shown) => { byId('drop').hidden = !shown; };
    chat.addEventListener('dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      show(true);
    });
    chat.addEventListener('dragleave', (event) => show(chat.contains(event.relatedTarget)));
    chat.addEventListener('drop', (event) => {
      event.preventDefault();
      show(false);
      this.#addFiles([...event.dataTransfer.files]);
    });
  }

  #addFiles(files) {
    const fitting = files.filter((file) => file.size <= this.#limits.upload);
    const large = files.find((file) => file.size > this.#limits.upload);
    if (large) this.say(words.too_large(large.name));
    if (this.#files.length + fitting.length > this.#limits.files) this.say(words.too_many(this.#limits.files));
    this.#setFiles([...this.#files, ...fitting].slice(0, this.#limits.files));
    this.#text.focus();
  }

  #setFiles(files) {
    this.#files = files;
    const list = byId('files');
    for (const picture of list.querySelectorAll('img')) URL.revokeObjectURL(picture.src);
    list.replaceChildren(...files.map((file) => this.#fileChip(file)));
    list.hidden = !files.length;
    this.#changed();
  }

  #fileChip(file) {
    const preview = /^image\/(png|jpeg|gif|webp)$/.test(file.type)
      ? element('img', { src: URL.createObjectURL(file), alt: '' }) : icon('file');
    const remove = element('button', { type: 'button', className: 'icon-button', title: words.remove(file.name) }, icon('close'));
    remove.setAttribute('aria-label', words.remove(file.name));
    remove.addEventListener('click', () => {
      this.#setFiles(this.#files.filter((other) => other !== file));
      this.#text.focus();
    });
    const size = element('small', { textContent: sizeText(file.size) });
    return element('li', {}, preview, element('span', { textContent: file.name }), size, remove);
  }
}
