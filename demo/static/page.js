// Puts the page's parts together: what the server sends goes to them, what the person does goes to the server.

import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { avatar, byId, element } from './dom.js';
import { refreshTimes } from './markdown.js';
import { MessageList, Store } from './messages.js';
import { Name } from './name.js';
import { Panel } from './panel.js';
import { TypingLine } from './typing.js';
import { translatePage, words } from './words.js';

translatePage();
setInterval(refreshTimes, 1000);
const store = new Store();
const panel = new Panel(store.messages);
const typing = new TypingLine(store);
const composer = new Composer(store, (request) => connection.send(request));
const list = new MessageList(store, {
  onReply: (message) => composer.replyTo(message),
  onEdit: (message) => composer.edit(message),
  onDelete: (message) => connection.send({ type: 'delete', message: message.id }),
  onClick: (message, customId) => connection.send({ type: 'click', message: message.id, custom_id: customId }),
});
const name = new Name((text) => connection.send({ type: 'rename', name: text }));

const takes = {
  snapshot(event) {
    store.you = event.you;
    store.channels = event.channels;
    event.users.forEach(takeUser);
    composer.limits = event.limits;
    byId('status').textContent = event.you.manages ? words.manager : words.online;
    showChannel(event.channel.name);
    byId('welcome').hidden = !event.complete;
    list.reset(event.messages);
    typing.reset(event.typing, event.now);
    panel.reset(event);
    composer.commands = event.commands;
    showBot(event.bot);
    showHint();
    list.showEnd();
  },
  message(event) {
    takeUser(event.user);
    if (event.used) takeUser(event.used.user);
    list.put(event);
    typing.wrote(event);
    showHint();
  },
  delete({ id }) {
    list.remove(id);
    showHint();
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
    composer.refused(nonce, say[why]?.() ?? words[why]);
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
    const stands = state === 'stands';
    byId('offline').hidden = stands;
    byId('offline').textContent = stands ? '' : state === 'full' ? words.full : words.offline;
    byId('me').classList.toggle('away', !stands);
    if (!stands) byId('status').textContent = words.away;
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

function showChannel(channel) {
  for (const element of document.querySelectorAll('.channel-name')) element.textContent = channel;
  document.title = `#${channel} | ${words.server}`;
  byId('welcome-title').textContent = words.welcomeTitle(channel);
  byId('messages').setAttribute('aria-label', words.messagesIn(channel));
  composer.channel = channel;
}

/** The bot with what it says of itself: the models that it uses. */
function showBot({ user, status }) {
  const bot = store.users.get(user);
  byId('bot-status').hidden = !status;
  const text = element('span', { textContent: `${bot.name}: ${status}` });
  byId('bot-status').replaceChildren(avatar(bot, 'tiny'), text);
  byId('bot-status').title = text.textContent;
}

/** Until somebody has written something here, the page says what. */
function showHint() {
  byId('hint').hidden = [...store.messages.values()].some(({ author, used }) => (used?.user.id ?? author) === store.you.id);
}
