// What a person writes: the text, the files, and which message it answers.

import { byId, countCharacters, element, icon } from './dom.js';
import { person } from './connection.js';
import { sizeText } from './messages.js';
import { words } from './words.js';

const COUNT_FROM = 200; // characters before the limit at which the counter appears
const TYPING_PAUSE = 5000; // milliseconds between two reports that somebody types
const TALLEST = 0.4; // of the window's height
const NOTE_LIFE = 8000; // milliseconds

export class Composer {
  #send;
  #store;
  #limits = { text: 2000, upload: 1 << 20, files: 10 };
  #text = byId('text');
  #files = [];
  #replyTo = null;
  #drafts = new Map();
  #typed = -Infinity;
  #sending = false;

  /** `send` passes a request to the server and tells whether it could be sent. */
  constructor(store, send) {
    this.#store = store;
    this.#send = send;
    byId('composer').addEventListener('submit', (event) => this.#submit(event));
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('input', () => this.#changed());
    byId('reply-cancel').addEventListener('click', () => this.cancelReply());
    byId('hint').addEventListener('click', () => this.#sayHint());
    this.#listenForFiles();
  }

  set limits(limits) {
    this.#limits = limits;
    this.#changed();
  }

  set channel(name) {
    this.#text.placeholder = words.messageTo(name);
    this.#text.setAttribute('aria-label', words.messageTo(name));
  }

  replyTo(message) {
    this.#replyTo = message.id;
    byId('reply-text').textContent = words.replyingTo(this.#store.user(message.author));
    byId('reply-bar').hidden = false;
    this.#text.focus();
  }

  cancelReply() {
    this.#replyTo = null;
    byId('reply-bar').hidden = true;
    this.#text.focus();
  }

  /** The server did not take a message: it stands in the composer again, unless something new does. */
  refused(nonce, text) {
    const draft = this.#drafts.get(nonce);
    this.#drafts.delete(nonce);
    if (draft && !this.#text.value) this.#put(draft.text);
    if (draft && !this.#files.length) this.#setFiles(draft.files);
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
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      byId('composer').requestSubmit();
    } else if (event.key === 'Escape' && this.#replyTo) {
      this.cancelReply();
    }
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
    if (this.#text.value && performance.now() > this.#typed + TYPING_PAUSE) {
      this.#typed = performance.now();
      this.#send({ type: 'typing' });
    }
  }

  #put(text) {
    this.#text.value = text;
    this.#changed();
  }

  #sayHint() {
    this.#put(byId('hint-text').textContent);
    this.#text.focus();
    byId('composer').requestSubmit();
  }

  async #submit(event) {
    event.preventDefault();
    const draft = { text: this.#text.value.trim(), files: this.#files, replyTo: this.#replyTo };
    if (this.#sending || (!draft.text && !draft.files.length)) return;
    if (countCharacters(draft.text) > this.#limits.text) {
      this.say(words.too_long);
      return;
    }
    this.#sending = true;
    const sent = await this.#upload(draft).finally(() => { this.#sending = false; });
    if (sent && this.#text.value.trim() === draft.text) this.#put('');
    if (sent) this.#setFiles([]);
    if (sent && this.#replyTo) this.cancelReply();
    this.#typed = -Infinity;
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
    const sent = this.#send({ type: 'say', text: draft.text, reply_to: draft.replyTo, files: ids, nonce });
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
