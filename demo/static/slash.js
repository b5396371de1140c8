// Slash commands in the composer: "/" opens a menu of them, and behind one stand its options, as "/model name: gemma".

import { byId, element } from './dom.js';
import { language, words } from './words.js';

const ATTACHMENT = 11; // the type of an option that is a file
const TYPING = /^\/[-_'\p{L}\p{N}]*$/u; // the name is still being typed
const COMMAND = /^\/([-_'\p{L}\p{N}]+)(\s[^]*)?$/u;
const PAUSE = 120; // milliseconds without a key until the bot is asked for choices

const described = ({ description, description_localizations: other }) => other?.[language] ?? description;
const typed = (command) => command.options.filter(({ type }) => type !== ATTACHMENT);

/**
 * The command that a text uses, the texts of its options, and `current`, the one that is being typed, whose text begins
 * at `start`. Without an option's name, all is the first one's. `extra`: text that no option takes.
 */
function parse(text, commands) {
  const match = COMMAND.exec(text);
  const command = match && commands.find(({ name }) => name === match[1]);
  if (!command) return null;
  const [first] = typed(command);
  const begin = match[1].length + 1;
  const marks = findOptions(text, command);
  if (!marks.length && first) {
    return { command, options: { [first.name]: text.slice(begin).trim() }, current: first, start: begin, extra: '' };
  }
  const ends = [...marks.slice(1).map(({ index }) => index), text.length];
  const values = marks.map(({ 0: mark, 1: name, index }, at) => [name, text.slice(index + mark.length, ends[at]).trim()]);
  const last = marks.at(-1);
  return {
    command,
    options: Object.fromEntries(values),
    current: last && command.options.find(({ name }) => name === last[1]),
    start: last && last.index + last[0].length,
    extra: text.slice(begin, marks[0]?.index).trim(),
  };
}

/** Where an option's name with a colon is, each the first time. */
function findOptions(text, command) {
  const left = new Set(typed(command).map(({ name }) => name));
  return [...text.matchAll(/\s([-_'\p{L}\p{N}]+):/gu)].filter(({ 1: name }) => left.delete(name));
}

const NOTHING = { nonce: null, key: '', choices: [], answered: false }; // asked of the bot

export class SlashMenu {
  #text;
  #complete;
  #put;
  #commands = [];
  #rows = [];
  #active = -1;
  #left = false;
  #asked = NOTHING;
  #timer = 0;

  /** `complete` asks the bot for choices, `put` writes into the composer, whose field is `text`. */
  constructor(text, { complete, put }) {
    this.#text = text;
    this.#complete = complete;
    this.#put = put;
    const list = byId('slash-list');
    list.addEventListener('pointerdown', (event) => event.preventDefault()); // the field keeps the focus
    const indexOf = ({ target }) => [...list.children].indexOf(target.closest('[role=option]'));
    list.addEventListener('pointermove', (event) => indexOf(event) >= 0 && this.#mark(indexOf(event)));
    list.addEventListener('click', (event) => indexOf(event) >= 0 && this.#choose(indexOf(event)));
  }

  set commands(commands) {
    this.#commands = commands.map((command) => ({ ...command, options: command.options ?? [] }));
  }

  /** The text has changed. */
  update(text) {
    if (!text.startsWith('/')) this.#left = false;
    const use = parse(text, this.#commands);
    if (TYPING.test(text) && !this.#left) this.#showCommands(text.slice(1).toLowerCase());
    else if (use && !this.#left) this.#showOptions(use);
    else this.#hide();
  }

  /** The bot offers choices for what was being typed. */
  offer({ nonce, choices }) {
    if (nonce !== this.#asked.nonce) return;
    this.#asked = { ...this.#asked, choices, answered: true };
    this.update(this.#text.value);
  }

  /** True if a key was for the menu. */
  key(event) {
    if (byId('slash').hidden || event.shiftKey) return false;
    const count = this.#rows.length;
    if (event.key === 'Escape') {
      this.#left = true;
      this.#hide();
    } else if (count && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      const first = this.#active < 0 && event.key === 'ArrowUp' ? 0 : this.#active;
      this.#mark((first + (event.key === 'ArrowDown' ? 1 : -1) + count) % count);
    } else if (count && event.key === 'Tab') {
      this.#choose(Math.max(0, this.#active));
    } else if (event.key === 'Enter' && this.#active >= 0) {
      this.#choose(this.#active);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  /** The use of a command that the text is, with its share of the files; or {error}; null: the text is a message. */
  read(text, files) {
    const name = COMMAND.exec(text)?.[1];
    if (!name) return null;
    const use = parse(text, this.#commands);
    if (!use) return { error: words.no_command(name) };
    const { command, options, extra } = use;
    if (extra) return { error: words.extra(name, extra) };
    const filled = Object.fromEntries(Object.entries(options).filter(([, value]) => value));
    const places = command.options.filter(({ type }) => type === ATTACHMENT).slice(0, files.length);
    const given = new Set([...Object.keys(filled), ...places.map((option) => option.name)]);
    const missing = command.options.find((option) => option.required && !given.has(option.name));
    if (missing) return { error: words.missing(name, missing.name) };
    return { name, options: filled, files: files.slice(0, places.length), places: places.map((option) => option.name) };
  }

  // What is shown

  #showCommands(start) {
    const found = this.#commands.filter(({ name }) => name.startsWith(start));
    if (!found.length) {
      this.#hide();
      return;
    }
    byId('slash-title').textContent = words.commands;
    byId('slash-options').replaceChildren();
    this.#show(found.map((command) => {
      const [option] = typed(command);
      const text = `/${command.name} ${option ? `${option.name}: ` : ''}`;
      return { label: `/${command.name}`, detail: described(command), text };
    }), 0);
  }

  #showOptions({ command, options, current, start }) {
    byId('slash-title').replaceChildren(element('b', { textContent: `/${command.name}` }), ` ${described(command)}`);
    byId('slash-options').replaceChildren(...command.options.map((option) => {
      const hint = option.type === ATTACHMENT ? words.attachOption : option.required ? '' : words.optional;
      const parts = [element('b', { textContent: option.name }), ` ${described(option)}`, element('small', { textContent: hint })];
      return element('li', { className: option === current ? 'current' : '' }, ...parts);
    }));
    const text = options[current?.name] ?? '';
    const choices = current ? this.#choices(command, options, current, text) : [];
    const rows = choices.map(({ name, value }) => ({
      label: name,
      detail: '',
      text: `${this.#text.value.slice(0, start)} ${value}`,
    }));
    const chosen = !text || choices.some(({ value }) => String(value) === text);
    this.#show(rows, rows.length && !chosen ? 0 : -1);
  }

  /** What may stand for the option that is being typed: as it says itself, or as the bot has said of late. */
  #choices(command, options, option, text) {
    if (option.autocomplete) this.#ask(command, options, option, text);
    const known = option.autocomplete ? this.#asked.choices : option.choices ?? [];
    if (option.autocomplete && this.#asked.answered) return known;
    return known.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  }

  #ask(command, options, option, text) {
    const key = JSON.stringify([command.name, option.name, text]);
    if (key === this.#asked.key) return;
    const same = this.#asked.key.startsWith(JSON.stringify([command.name, option.name]).slice(0, -1));
    this.#asked = { nonce: crypto.randomUUID(), key, choices: same ? this.#asked.choices : [], answered: false };
    clearTimeout(this.#timer);
    const { nonce } = this.#asked;
    this.#timer = setTimeout(() => this.#complete({ name: command.name, options, focused: option.name, nonce }), PAUSE);
  }

  #show(rows, active) {
    this.#rows = rows;
    byId('slash').hidden = false;
    const list = byId('slash-list');
    list.hidden = !rows.length;
    list.replaceChildren(...rows.map(({ label, detail }, index) => {
      const parts = [element('b', { textContent: label }), element('span', { textContent: detail })];
      return element('li', { id: `slash-${index}`, role: 'option', 'aria-selected': 'false' }, ...parts);
    }));
    this.#text.setAttribute('aria-haspopup', 'listbox');
    this.#text.setAttribute('aria-controls', 'slash-list');
    this.#mark(active);
  }

  #hide() {
    clearTimeout(this.#timer);
    this.#asked = NOTHING;
    this.#rows = [];
    this.#active = -1;
    byId('slash').hidden = true;
    for (const name of ['aria-haspopup', 'aria-controls', 'aria-activedescendant']) this.#text.removeAttribute(name);
  }

  #mark(index) {
    this.#active = index;
    [...byId('slash-list').children].forEach((row, at) => row.setAttribute('aria-selected', String(at === index)));
    if (index < 0) {
      this.#text.removeAttribute('aria-activedescendant');
      return;
    }
    this.#text.setAttribute('aria-activedescendant', `slash-${index}`);
    byId(`slash-${index}`).scrollIntoView({ block: 'nearest' });
  }

  #choose(index) {
    this.#put(this.#rows[index].text);
    this.#text.focus();
  }
}
