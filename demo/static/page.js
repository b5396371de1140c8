// Puts the page's parts together: what the server sends goes to them, what the person does goes to the server.

import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { avatar, byId } from './dom.js';
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
  onClick: (message, customId) => connection.send({ type: 'click', message: message.id, custom_id: customId }),
});
const name = new Name((text) => connection.send({ type: 'rename', name: text }));

const takes = {
  snapshot(event) {
    store.you = event.you;
    store.channels = event.channels;
    event.users.forEach(takeUser);
    composer.limits = event.limits;
    showChannel(event.channel.name);
    byId('welcome').hidden = !event.complete;
    list.reset(event.messages);
    typing.reset(event.typing, event.now);
    panel.reset(event);
    showHint();
    list.showEnd();
  },
  message(event) {
    takeUser(event.user);
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
  refused({ nonce, why, seconds }) {
    composer.refused(nonce, why === 'slow_down' ? words.slow_down(Math.ceil(seconds)) : words[why]);
  },
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
    byId('status').textContent = stands ? words.online : words.away;
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

/** Until somebody has written something here, the page says what. */
function showHint() {
  byId('hint').hidden = [...store.messages.values()].some(({ author }) => author === store.you.id);
}
