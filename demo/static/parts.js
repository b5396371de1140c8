// Parts of a message in the list, each made of what the server has told.

import { avatar, element, icon } from './dom.js';
import { timeText, words } from './words.js';

/** Who has written a message, and when. */
export function headLine(author, message) {
  const name = element('span', { className: 'name', textContent: author.name });
  name.dataset.user = author.id;
  const time = element('time', { dateTime: new Date(message.time * 1000).toISOString(), textContent: timeText(message.time) });
  return element('h4', { className: 'head' }, name, appTag(author), time);
}

/** The tag beside the name of an app; null for a person. */
export const appTag = (author) => (author.bot ? element('span', { className: 'tag', textContent: words.app }) : null);

/** Who used which slash command, above the answer to it. */
export function usedLine({ user, name }) {
  const who = element('span', { className: 'quote-name', textContent: user.name });
  who.dataset.user = user.id;
  const parts = [avatar(user, 'tiny'), who, element('span', { textContent: words.used(name) })];
  return element('p', { className: 'quote used', 'data-used-by': user.id }, ...parts);
}

/** Make the children what the fresh ones are; all before the first difference stays, and with it what is selected. */
export function replaceTail(standing, fresh) {
  const [old, now] = [[...standing.childNodes], [...fresh.childNodes]];
  let at = 0;
  while (at < Math.min(old.length, now.length) && old[at].isEqualNode(now[at])) at += 1;
  if (old[at] && now[at] && old[at].cloneNode().isEqualNode(now[at].cloneNode())) {
    replaceTail(old[at], now[at]);
    at += 1;
  } else if (old[at]?.nodeType === Node.TEXT_NODE && now[at]?.nodeType === Node.TEXT_NODE) {
    replaceEnd(old[at], now[at].data);
    at += 1;
  }
  for (const node of old.slice(at)) node.remove();
  standing.append(...now.slice(at));
}

function replaceEnd(text, data) {
  let at = 0;
  while (at < data.length && data[at] === text.data[at]) at += 1;
  text.replaceData(at, text.length - at, data.slice(at));
}

export function prepareSpoiler(spoiler, open) {
  const show = () => {
    spoiler.classList.add('open');
    for (const name of ['role', 'aria-label', 'tabindex']) spoiler.removeAttribute(name);
  };
  if (open) show();
  spoiler.addEventListener('click', show);
  spoiler.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    show();
  });
}

export function attachmentLink({ id, name, size, image }) {
  const href = `/attachments/${id}`;
  const outside = { href, target: '_blank', rel: 'noopener noreferrer' };
  if (image) {
    const picture = element('img', { src: href, alt: name });
    return element('a', { ...outside, className: 'picture', 'aria-label': words.opensTab(name) }, picture);
  }
  const link = element('a', { href, download: name, textContent: name });
  return element('div', { className: 'file' }, icon('file'), link, element('small', { textContent: sizeText(size) }));
}

export function sizeText(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}
