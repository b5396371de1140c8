// Puts the page's parts together: what the server sends goes to them, what the person does goes to the server.

import { Composer } from './composer.js';
import { Connection, Store, placeInAddress } from './connection.js';
import { avatar, byId, element } from './dom.js';
import { Name, ThreadForm } from './forms.js';
import { refreshTimes } from './markdown.js';
import { MessageList } from './messages.js';
import { Panel } from './panel.js';
import { PlaceList } from './places.js';
import { TypingLine } from './typing.js';
import { translatePage, words } from './words.js';

translatePage();
setInterval(refreshTimes, 1000);
const store = new Store();
const panel = new Panel();
const typing = new TypingLine(store);
const composer = new Composer(store, (request) => connection.send(request));
const list = new MessageList(store, {
  onReply: (message) => composer.replyTo(message),
  onEdit: (message) => composer.edit(message),
  onDelete: (message) => connection.send({ type: 'delete', message: message.id }),
  onThread: (message) => threadForm.open(message, list.plain(message)),
  onOpen: openPlace,
  onClick: (message, customId) => connection.send({ type: 'click', message: message.id, custom_id: customId }),
});
const places = new PlaceList(store, openPlace);
const threadForm = new ThreadForm((request) => connection.send(request));
const name = new Name((text) => connection.send({ type: 'rename', name: text }));

const takes = {
  snapshot(event) {
    const moves = store.place !== event.place;
    store.you = event.you;
    store.place = event.place;
    store.places = new Map(event.places.map((place) => [place.id, place]));
    event.users.forEach(takeUser);
    composer.limits = event.limits;
    threadForm.limit = event.limits.thread_name;
    byId('status').textContent = event.you.manages ? words.manager : words.online;
    if (moves) threadForm.close();
    if ((location.hash || location.pathname) !== addressOf(store.place)) history.replaceState(null, '', addressOf(store.place));
    places.reset();
    byId('welcome').hidden = !event.complete;
    list.reset(event.messages, { anew: moves });
    composer.open(store.open);
    typing.reset(event.typing, event.now);
    panel.reset(event);
    composer.commands = event.commands;
    showBot(event.bot);
    showHint();
    list.scroller.showEnd();
  },
  message(event) {
    takeUser(event.user);
    if (event.used) takeUser(event.used.user);
    list.put(event);
    panel.answer(event);
    typing.wrote(event);
    showHint();
  },
  answer: (event) => panel.answer(event),
  delete({ id }) {
    list.remove(id);
    panel.forget(id);
    showHint();
  },
  place(event) {
    store.places.set(event.id, event);
    places.put(event);
    list.showThread(event.id);
  },
  begun({ nonce, place }) {
    if (!threadForm.asked(nonce)) return;
    threadForm.close();
    openPlace(place);
  },
  user({ user }) {
    takeUser(user);
  },
  typing(event) {
    typing.began(event);
  },
  taken({ nonce }) {
    composer.taken(nonce);
  },
  refused({ nonce, why, seconds, command }) {
    const say = { slow_down: () => words.slow_down(Math.ceil(seconds)), no_command: () => words.no_command(command) };
    const text = say[why]?.() ?? words[why];
    if (threadForm.asked(nonce)) threadForm.refused(text);
    else composer.refused(nonce, text);
  },
  commands({ commands }) {
    composer.commands = commands;
  },
  choices: (event) => composer.offer(event),
  bot: (event) => showBot(event),
  note({ why, message }) {
    const text = why === 'slow_down' ? words.slow_down(5) : words[why];
    if (message) list.note(message, text);
    else composer.say(text);
  },
  call: (event) => panel.call(event),
  tap: (event) => panel.say(event),
  budget: (event) => panel.budget(event),
};

const connection = new Connection(
  (event) => {
    // Before the snapshot nothing of the channel is known.
    if (store.you || event.type === 'snapshot') takes[event.type]?.(event);
  },
  (state) => {
    const open = state === 'open';
    byId('offline').hidden = open;
    byId('offline').textContent = open ? '' : state === 'full' ? words.full : words.offline;
    byId('me').classList.toggle('away', !open);
    if (!open) byId('status').textContent = words.away;
    if (!open) threadForm.lost();
  },
);

function takeUser(user) {
  const old = store.users.get(user.id);
  store.users.set(user.id, user);
  if (user.id === store.you.id) {
    store.you = { ...store.you, ...user };
    name.show(user.name);
    byId('my-avatar').replaceChildren(avatar(user));
  }
  if (old && old.name !== user.name) list.renamed(user);
}

/** The page's address tells the place, so that a reload and the browser's own buttons find it. */
const addressOf = (place) => (place === store.channel.id ? location.pathname : `#${place}`);

function openPlace(id) {
  if (id === (placeInAddress() ?? store.channel.id)) return;
  history.pushState(null, '', addressOf(id));
  connection.send({ type: 'open', place: id });
}

window.addEventListener('popstate', () => connection.send({ type: 'open', place: placeInAddress() }));

/** The bot with what it says of itself: the models that it uses. */
function showBot({ user, status }) {
  const bot = store.users.get(user);
  byId('bot-status').hidden = !status;
  const text = element('span', { textContent: `${bot.name}: ${status}` });
  byId('bot-status').replaceChildren(avatar(bot, 'tiny'), text);
  byId('bot-status').title = text.textContent;
}

/** Until somebody has written something in the channel, the page says what. */
function showHint() {
  byId('hint').hidden = store.open.thread || [...store.messages.values()].some(({ author, used }) => (used?.user.id ?? author) === store.you.id);
}
