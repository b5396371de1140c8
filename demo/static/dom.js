// Small helpers to build the page's elements. Texts are always set as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

export const byId = (id) => document.getElementById(id);

/** An element; properties are set on it, names with a dash or "role" as attributes. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** One of the symbols of the HTML file. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Somebody's picture: a colour and the name's first letter, or the bot. */
export function avatar(user, size = '') {
  const number = Number(BigInt(user.id) >> 22n) % 6;
  const made = element('span', { className: `avatar ${size} ${user.bot ? 'bot' : `colour${number}`}`, 'aria-hidden': 'true' });
  made.append(user.bot ? icon('bot') : [...user.name][0]?.toUpperCase() ?? '?');
  return made;
}

/** True if a key is for a conversion (Japanese and others); Safari tells the Enter that ends one only by its key code. */
export const isConverting = (event) => event.isComposing || event.keyCode === 229;

/** How many characters Discord counts: code points, not UTF-16 units. */
export const countCharacters = (text) => [...text].length;
