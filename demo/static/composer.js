// What a person writes: the text, the files, and which message it answers or changes.

import { byId, countCharacters, element, icon } from './dom.js';
import { person } from './connection.js';
import { sizeText } from './messages.js';
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
  #editing = null; // the message's id, and what stood in the composer before
  #slash;
  #drafts = new Map();
  #typed = -Infinity;
  #sending = false;

  /** `send` passes a request to the server and tells whether it could be sent. */
  constructor(store, send) {
    this.#store = store;
    this.#send = send;
    this.#slash = new SlashMenu(this.#text, {
      complete: (request) => send({ type: 'complete', ...request }),
      put: (text) => this.#put(text),
    });
    byId('composer').addEventListener('submit', (event) => this.#submit(event));
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('input', () => this.#changed());
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

  set channel(name) {
    this.#text.placeholder = words.messageTo(name);
    this.#text.setAttribute('aria-label', words.messageTo(name));
  }

  set commands(commands) {
    this.#slash.commands = commands;
    this.#changed();
  }

  replyTo(message) {
    if (this.#editing) this.#cancel();
    this.#replyTo = message.id;
    this.#showBar(words.replyingTo(this.#store.user(message.author)));
  }

  /** Let the person change what they wrote; what they were writing comes back afterwards. */
  edit(message) {
    const before = this.#editing?.before ?? this.#text.value;
    this.#replyTo = null;
    this.#editing = { id: message.id, before };
    this.#put(message.text.replace(/<@!?(\d+)>/g, (mention, id) => (this.#store.users.has(id) ? `@${this.#store.user(id)}` : mention)));
    this.#showBar(words.editing);
  }

  #showBar(text) {
    byId('reply-text').textContent = text;
    byId('reply-bar').hidden = false;
    this.#text.focus();
  }

  /** Neither answer nor change a message. */
  #cancel() {
    const before = this.#editing?.before;
    this.#replyTo = null;
    this.#editing = null;
    if (before !== undefined) this.#put(before);
    byId('reply-bar').hidden = true;
    this.#text.focus();
  }

  /** The bot offers choices for what is being typed. */
  offer(event) {
    this.#slash.offer(event);
  }

  /** The server took a message. */
  taken(nonce) {
    this.#drafts.delete(nonce);
  }

  /** The server did not take a message: it stands in the composer again, after what else does. */
  refused(nonce, text) {
    const draft = this.#drafts.get(nonce);
    this.#drafts.delete(nonce);
    if (draft) this.#restore(draft);
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
    // Enter that ends a conversion (Japanese and others) is not ours; Safari tells it only by its key code.
    if (event.isComposing || event.keyCode === 229 || this.#slash.key(event)) return;
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
    const isMessage = this.#text.value && !this.#editing && !this.#text.value.startsWith('/');
    this.#slash.update(this.#editing ? '' : this.#text.value);
    if (isMessage && performance.now() > this.#typed + TYPING_PAUSE) {
      this.#typed = performance.now();
      this.#send({ type: 'typing' });
    }
  }

  #put(text) {
    this.#text.value = text;
    this.#changed();
  }

  #restore({ text, files, replyTo, editing }) {
    if (this.#store.messages.has(editing)) {
      this.edit(this.#store.messages.get(editing));
      this.#put(text);
      return;
    }
    this.#put([this.#text.value, text].filter(Boolean).join('\n'));
    this.#setFiles([...this.#files, ...files].slice(0, this.#limits.files));
    const message = this.#store.messages.get(replyTo);
    if (message && !this.#replyTo) this.replyTo(message);
  }

  #sayHint() {
    if (this.#sending) return; // a message takes all files that wait on the server
    this.#upload({ text: byId('hint-text').textContent, files: [], replyTo: null });
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
    if (sent) this.#take(draft);
    this.#typed = -Infinity;
  }

  /** What would be sent now; null, perhaps with a word why, if nothing. */
  #draft() {
    const text = this.#text.value.trim();
    if (this.#editing) return text ? { text, files: [], replyTo: null, editing: this.#editing.id } : null;
    const command = this.#slash.read(text, this.#files);
    if (command?.error) {
      this.say(command.error);
      return null;
    }
    if (command) return { text, files: command.files, replyTo: null, command };
    return text || this.#files.length ? { text, files: this.#files, replyTo: this.#replyTo } : null;
  }

  /** Take out what was sent; what has come since stays. */
  #take(draft) {
    if (draft.editing) {
      if (this.#editing?.id === draft.editing) this.#cancel();
      return;
    }
    const text = this.#text.value.trimStart();
    if (text.startsWith(draft.text)) this.#put(text.slice(draft.text.length).trimStart());
    this.#setFiles(this.#files.filter((file) => !draft.files.includes(file)));
    if (draft.replyTo && this.#replyTo === draft.replyTo) this.#cancel();
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

/** What the server is asked to do; `ids` are those of the draft's files. */
function requestFor({ text, replyTo, editing, command }, ids) {
  if (editing) return { type: 'edit', message: editing, text };
  if (!command) return { type: 'say', text, reply_to: replyTo, files: ids };
  const files = Object.fromEntries(command.places.map((place, index) => [place, ids[index]]));
  return { type: 'slash', name: command.name, options: { ...command.options, ...files } };
}

/** Give a file to the server, and get the id under which a message can have it. */
async function upload(file) {
  const answer = await fetch('/attachments', {
    method: 'POST',
    body: file,
    headers: {
      'Content-Type': file.type || 'application/octet-stream',
      'X-Person': person(),
      'X-Filename': encodeURIComponent(file.name),
    },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).id;
}
