// "Behind the scenes": the REST calls, the edit budget, and how far the channel is behind the model.

import { byId, element } from './dom.js';
import { words } from './words.js';

const ROWS = 200; // REST calls that stay in the list
const SPAN = 30; // seconds that the chart shows
const SAMPLE = 0.1; // seconds between two values of the chart
const LEAST_TOP = 2; // seconds at the top of the chart at least
const PATIENCE = 15; // seconds after the model's last word in which the channel should show it
const OPEN = 'panel';
const PHONE = '(max-width: 640px)';

/** The seconds of the server's clock, once it has told what it shows. */
class Clock {
  #offset = 0;

  set(now) {
    this.#offset = now - performance.now() / 1000;
  }

  get now() {
    return this.#offset + performance.now() / 1000;
  }
}

/**
 * How much the model has said and how much of it is shown, in whatever place. A round is what goes on together: it begins with an
 * answer while no other is under way, so that several at once add up.
 */
class Round {
  #started = Infinity;
  #chats = new Map();
  #shown;

  /** `shown` holds the bot's messages, by id. */
  constructor(shown) {
    this.#shown = shown;
  }

  /** True if this answer is part of it: all that began before everything was shown. */
  takes({ id, started }) {
    return this.#chats.has(id) || (!this.over && !this.#isGivenUp(started));
  }

  say({ id, started, ended, times }) {
    const known = this.#chats.get(id);
    this.#started = Math.min(this.#started, started);
    this.#chats.set(id, { ended, times: [...(known?.times ?? []), ...times.filter(([at]) => at > (known?.times.at(-1)?.[0] ?? 0))] });
  }

  get over() {
    const chats = [...this.#chats.values()];
    const end = Math.max(...chats.map(({ ended }) => ended ?? Infinity));
    // The answer to a slash command is in the channel before the model is asked: a later one is no part of this.
    return end < Infinity && !this.#answers.some(({ streaming, at }) => streaming && at <= end);
  }

  get said() {
    return [...this.#chats.values()].reduce((sum, { times }) => sum + (times.at(-1)?.[1] ?? 0), 0);
  }

  get shown() {
    const answers = this.#answers;
    const counted = answers.reduce((sum, { chars }) => sum + chars, 0);
    // The bot leaves out spaces and repeats code fences: at the end it is all there, whatever was counted.
    return this.over && answers.length ? this.said : Math.min(this.said, counted);
  }

  /** Seconds since the model said the first character that is not shown. */
  lag(now) {
    const { shown } = this;
    if (shown >= this.said || this.#isGivenUp(now)) return 0;
    return Math.max(0, now - (this.#timeline().find(([, total]) => total > shown)?.[0] ?? now));
  }

  /** True if nobody will show the rest: the bot has ended, or its message was deleted. */
  #isGivenUp(now) {
    return [...this.#chats.values()].every(({ ended }) => ended !== null && now - ended > PATIENCE);
  }

  get #answers() {
    return [...this.#shown.values()].filter(({ changed }) => changed >= this.#started);
  }

  /** When how much had been said by all together. */
  #timeline() {
    const steps = [];
    for (const { times } of this.#chats.values()) {
      times.forEach(([at, chars], index) => steps.push([at, chars - (index ? times[index - 1][1] : 0)]));
    }
    let total = 0;
    return steps.sort((a, b) => a[0] - b[0]).map(([at, chars]) => [at, total += chars]);
  }
}

export class Panel {
  #clock = new Clock();
  #answers = new Map();
  #round = new Round(this.#answers);
  #budget = { limit: 5, per: 5, free_at: [] };
  #counted = null; // the run of the server and the place whose calls are listed
  #samples = [];
  #refused = 0;
  #count = 0;
  #lastCall = 0;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  constructor() {
    const toggle = byId('panel-toggle');
    toggle.addEventListener('click', () => this.#setOpen(byId('panel').hidden));
    byId('panel-close').addEventListener('click', () => this.#setOpen(false));
    byId('panel').addEventListener('keydown', (event) => event.key === 'Escape' && this.#setOpen(false));
    byId('calls').setAttribute('aria-label', words.calls);
    const open = localStorage.getItem(OPEN) ?? (matchMedia(PHONE).matches ? 'closed' : 'open');
    this.#setOpen(open === 'open', { first: true });
    setInterval(() => this.#sample(), SAMPLE * 1000);
    this.#draw();
  }

  reset({ run, place, now, calls, taps, answers, budget }) {
    this.#clock.set(now);
    if (run !== this.#counted?.run) this.#samples = [];
    if (run !== this.#counted?.run || place !== this.#counted.place) this.#begin({ run, place });
    this.#answers.clear();
    for (const entry of answers) this.answer(entry);
    this.#round = new Round(this.#answers);
    for (const chat of taps) this.say(chat);
    this.budget(budget);
    for (const call of calls) this.call(call);
    this.#showCount();
  }

  /** Count the calls anew: the server has been started anew and begins at one again, or they are those of another place. */
  #begin(counted) {
    this.#counted = counted;
    this.#refused = 0;
    this.#count = 0;
    this.#lastCall = 0;
    byId('calls').replaceChildren();
  }

  say(chat) {
    if (!this.#round.takes(chat)) this.#round = new Round(this.#answers);
    this.#round.say(chat);
  }

  /** A message as it is now; only the bot's count. */
  answer(entry) {
    if (entry.bot) this.#answers.set(entry.id, entry);
  }

  /** A message is not there any more. */
  forget(id) {
    this.#answers.delete(id);
  }

  budget(budget) {
    this.#budget = budget;
  }

  call(call) {
    if (call.number <= this.#lastCall) return;
    this.#lastCall = call.number;
    this.#count += 1;
    this.#refused += isRefused(call.status) ? 1 : 0;
    const list = byId('calls');
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    list.append(callRow(call));
    while (list.childElementCount > ROWS) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    this.#showCount();
  }

  #showCount() {
    byId('calls-count').textContent = this.#count ? words.callsCount(this.#count, this.#refused) : words.noCalls;
  }

  #setOpen(open, { first = false } = {}) {
    byId('panel').hidden = !open;
    byId('app').classList.toggle('with-panel', open);
    byId('panel-toggle').setAttribute('aria-expanded', String(open));
    if (first) return;
    localStorage.setItem(OPEN, open ? 'open' : 'closed');
    if (!open) byId('panel-toggle').focus();
    if (open && matchMedia(PHONE).matches) byId('panel-close').focus();
  }

  // Drawing

  #sample() {
    const { now } = this.#clock;
    this.#samples.push([now, this.#round.lag(now)]);
    while (this.#samples[0][0] < now - SPAN) this.#samples.shift();
  }

  #draw() {
    if (!byId('panel').hidden && !document.hidden) {
      this.#drawBudget();
      this.#drawBars();
      this.#drawLag();
    }
    if (this.#calm.matches) setTimeout(() => this.#draw(), 500);
    else requestAnimationFrame(() => this.#draw());
  }

  #drawBudget() {
    const { now } = this.#clock;
    const waits = this.#budget.free_at.map((at) => at - now).filter((wait) => wait > 0);
    const { limit, per } = this.#budget;
    const lamps = byId('lamps');
    while (lamps.childElementCount < limit) lamps.append(element('span', { className: 'lamp' }, element('span')));
    while (lamps.childElementCount > limit) lamps.lastElementChild.remove();
    [...lamps.children].forEach((lamp, index) => {
      const wait = waits[index - (limit - waits.length)];
      lamp.classList.toggle('used', wait !== undefined);
      lamp.firstElementChild.style.transform = `scaleX(${wait === undefined ? 1 : Math.max(0, 1 - wait / per)})`;
    });
    setText('budget-text', words.budgetLeft(limit - waits.length, limit, Math.max(0, ...waits).toFixed(1)));
  }

  #drawBars() {
    const { said, shown } = this.#round;
    const top = Math.max(500, said * 1.05);
    for (const [id, value] of [['said', said], ['shown', shown]]) {
      setText(id, value.toLocaleString());
      byId(`${id}-bar`).style.transform = `translateX(${(100 * value) / top - 100}%)`;
    }
  }

  #drawLag() {
    const { now } = this.#clock;
    const lag = this.#round.lag(now);
    setText('lag-text', words.seconds(lag.toFixed(1)));
    drawChart(byId('chart'), [...this.#samples, [now, lag]], now);
  }
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

const isRefused = (status) => status >= 400;

function callRow({ name, method, route, status, since, chars }) {
  const label = words.callNames[name] ?? route;
  const parts = [
    element('span', { className: 'call-time', textContent: since === null ? '' : `+${since.toFixed(2)} s` }),
    element('span', { className: `method ${method.toLowerCase()}`, textContent: method }),
    element('span', { className: 'call-name', textContent: label, title: route }),
    element('span', { className: 'call-chars', textContent: chars === null ? '' : words.callChars(chars) }),
    element('span', { className: 'status', textContent: status || '—' }),
  ];
  return element('li', { className: isRefused(status) ? 'refused' : '' }, ...parts);
}

function drawChart(canvas, samples, now) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  const top = Math.max(LEAST_TOP, Math.ceil(Math.max(...samples.map(([, lag]) => lag)) + 0.2));
  const x = (at) => width * (1 - (now - at) / SPAN);
  const y = (lag) => height - 4 - (height - 22) * (lag / top);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  drawGrid(pen, style, top, width, y);
  pen.beginPath();
  samples.forEach(([at, lag], index) => (index ? pen.lineTo(x(at), y(lag)) : pen.moveTo(x(at), y(lag))));
  pen.strokeStyle = style.getPropertyValue('--line');
  pen.lineWidth = 2;
  pen.lineJoin = 'round';
  pen.stroke();
  pen.lineTo(x(now), y(0));
  pen.lineTo(x(samples[0][0]), y(0));
  pen.fillStyle = style.getPropertyValue('--area');
  pen.fill();
}

function drawGrid(pen, style, top, width, y) {
  pen.strokeStyle = style.getPropertyValue('--grid');
  pen.fillStyle = style.color;
  pen.font = `11px ${style.fontFamily}`;
  pen.lineWidth = 1;
  const step = Math.max(1, Math.ceil(top / 3));
  for (let lag = 0; lag <= top; lag += step) {
    pen.beginPath();
    pen.moveTo(0, Math.round(y(lag)) + 0.5);
    pen.lineTo(width, Math.round(y(lag)) + 0.5);
    pen.stroke();
    if (lag) pen.fillText(words.seconds(lag), 2, y(lag) - 3);
  }
}
