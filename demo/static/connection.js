// The WebSocket to the page's server, opened again whenever it is lost, and what the page knows from it.

import { language } from './words.js';

const PERSON = 'person'; // the secret by which this window is the same person after a reload
const FULL = 'too many windows'; // the reason with which the server closes a window that is one too many
const PAUSES = [300, 600, 1200, 2500, 5000]; // milliseconds

/** The id of the channel or thread that the page's address names; null: none. */
export const placeInAddress = () => /^#(\d{1,20})$/.exec(location.hash)?.[1] ?? null;

export const person = () => sessionStorage.getItem(PERSON) ?? '';

/** Calls onEvent with each event of the server, and onState with "open", "lost" or "full" of the connection. */
export class Connection {
  #socket = null;
  #tries = 0;
  #onEvent;
  #onState;

  constructor(onEvent, onState) {
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#open();
  }

  /** True if it could be sent. */
  send(request) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(request));
    return true;
  }

  #open() {
    this.#socket = new WebSocket(`ws://${location.host}/live`);
    this.#socket.onopen = () => this.send({ type: 'hello', person: person(), language, place: placeInAddress() });
    this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    this.#socket.onclose = ({ code, reason }) => this.#lost(code === 1008 && reason === FULL);
  }

  #take(event) {
    if (event.type === 'snapshot') {
      sessionStorage.setItem(PERSON, event.you.secret);
      this.#tries = 0;
      this.#onState('open');
    }
    this.#onEvent(event);
  }

  #lost(full) {
    this.#onState(full ? 'full' : 'lost');
    if (full) return;
    setTimeout(() => this.#open(), PAUSES[Math.min(this.#tries, PAUSES.length - 1)]);
    this.#tries += 1;
  }
}

/** What the whole page knows: who is who, the channel with its threads, and the messages of the open one, by id. */
export class Store {
  users = new Map();
  places = new Map();
  place = null; // the open one's id
  messages = new Map();
  you = null;

  get open() {
    return this.places.get(this.place);
  }

  get channel() {
    return [...this.places.values()].find(({ thread }) => !thread);
  }

  user(id) {
    return this.users.get(id)?.name ?? id;
  }

  placeName(id) {
    return this.places.get(id)?.name ?? id;
  }
}
