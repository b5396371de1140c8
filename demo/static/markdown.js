// A message's text as Discord shows it. markdown-it makes HTML of the text, in which all markup of the text itself is
// escaped; DOMPurify then lets only the few elements pass that are made here.

import MarkdownIt from './vendor/markdown-it.esm.min.mjs';
import DOMPurify from './vendor/purify.es.mjs';
import hljs from './vendor/highlight.min.js';
import { stampText, words } from './words.js';

const TAGS = ['a', 'blockquote', 'br', 'code', 'div', 'em', 'h1', 'h2', 'h3', 'li', 'ol', 'p', 'pre', 's', 'small', 'span',
  'strong', 'time', 'u', 'ul'];
const PURE = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ['class', 'datetime', 'href', 'start'],
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  ADD_URI_SAFE_ATTR: ['datetime', 'start'],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

// How Discord's client reads them: a fence may begin anywhere and has to be closed, a quote needs its space.
const FENCE = /```(?:([\w+\-.#]+)\n)?\n*([^\n][^]*?)\n*```/y;
const QUOTE = /> [^\n]*(?:\n> [^\n]*)*\n?/y;
const QUOTED_REST = />>> ([^]*)/y;
const LINE = /^(#{1,3}|-#) +(?!#)(.+?)(?: +#*)?$/;
const MENTION = /<(?:@!?|@&|#)(\d{1,20})>|<a?(:\w{2,32}:)\d{1,20}>/y;
const TIMESTAMP = /<t:(-?\d{1,11})(?::([tTdDfFR]))?>/y;
const EVERYONE = /@(?:everyone|here)\b/y;
// Markdown's other signs of lists, which Discord doesn't know.
const NO_LIST = /^( *\d*)([+)] )/gm;
const NOT_TEXT = /[\n!#$%&*+\-:<=>@[\\\]^_`{}~|]/g;

const md = new MarkdownIt({ html: false, breaks: true, linkify: true });
// What Discord hasn't, or has in its own form: see the rules below and `pieces`.
md.disable(['table', 'code', 'fence', 'blockquote', 'hr', 'lheading', 'heading', 'html_block', 'reference']);
md.disable(['image', 'html_inline', 'entity']);
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
md.validateLink = (url) => /^https?:\/\//i.test(url);

md.block.ruler.before('paragraph', 'line', headingOrSmall, { alt: ['paragraph', 'list'] });
md.inline.ruler.at('text', plainText);
md.inline.ruler.before('autolink', 'mention', mention);
md.inline.ruler.before('autolink', 'timestamp', timestamp);
md.inline.ruler.before('emphasis', 'spoiler', spoiler);
md.core.ruler.push('underline', underline);
md.core.ruler.push('gaps', keepBlankLines);
md.renderer.rules.mention = (tokens, index, _options, names) => mentionHtml(tokens[index].content, names);

md.renderer.rules.timestamp = (tokens, index) => timeHtml(tokens[index].meta);

/** The text as a fragment to put into the page. `names` tells what mentions say: user(id), placeName(id). */
export function renderMarkdown(text, names) {
  const fragment = DOMPurify.sanitize(toHtml(text, names, false), PURE);
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  for (const code of fragment.querySelectorAll('pre')) code.tabIndex = 0;
  for (const hidden of fragment.querySelectorAll('.spoiler')) {
    hidden.tabIndex = 0;
    hidden.setAttribute('role', 'button');
    hidden.setAttribute('aria-label', words.spoiler);
  }
  return fragment;
}

function toHtml(text, names, quoted) {
  return pieces(text, quoted).map((piece) => pieceToHtml(piece, names)).join('');
}

function pieceToHtml({ kind, text, language, gap }, names) {
  if (kind === 'text') return md.render(text.replace(NO_LIST, '$1\\$2'), names);
  const space = gap ? ` class="gap${Math.min(gap, 3)}"` : '';
  if (kind === 'quote') return `<blockquote${space}>${toHtml(text, names, true)}</blockquote>`;
  return `<pre${space}><code class="hljs">${highlight(text, language)}</code></pre>`;
}

function highlight(code, language) {
  if (!language || !hljs.getLanguage(language)) return md.utils.escapeHtml(code);
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

/** Cut the text at its code blocks and quotes. A quote has none in it. */
function pieces(text, quoted) {
  const found = [];
  let done = 0;
  let at = 0;
  const add = (piece, end) => {
    const before = addText(found, text.slice(done, at));
    found.push({ ...piece, gap: before });
    done = at = end;
  };
  while (at < text.length) {
    const rest = !quoted && beginsLine(text, at) && matchAt(QUOTED_REST, text, at);
    const quote = !quoted && beginsLine(text, at) && matchAt(QUOTE, text, at);
    const fence = text[at - 1] !== '\\' && matchAt(FENCE, text, at);
    if (rest) add({ kind: 'quote', text: rest[1] }, text.length);
    else if (quote) add({ kind: 'quote', text: quote[0].trimEnd().replace(/^> /gm, '') }, at + quote[0].length);
    else if (fence) add({ kind: 'code', language: fence[1], text: fence[2] }, at + fence[0].length);
    else at = nextCandidate(text, at);
  }
  addText(found, text.slice(done));
  return found;
}

function addText(found, text) {
  if (text.trim()) found.push({ kind: 'text', text: found.length ? text.replace(/^\n/, '') : text });
  return Math.max(0, /\n*$/.exec(text)[0].length - 1);
}

const beginsLine = (text, at) => at === 0 || text[at - 1] === '\n';

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function nextCandidate(text, at) {
  const fence = text.indexOf('```', at + 1);
  const line = text.indexOf('\n', at);
  return Math.min(fence < 0 ? text.length : fence, line < 0 ? text.length : line + 1);
}

// Rules for markdown-it

/** "# ", "## ", "### " and "-# ", each one line. */
function headingOrSmall(state, line, _lastLine, silent) {
  const start = state.bMarks[line] + state.tShift[line];
  const match = LINE.exec(state.src.slice(start, state.eMarks[line]));
  if (!match) return false;
  if (silent) return true;
  const tag = match[1] === '-#' ? 'small' : `h${match[1].length}`;
  const open = state.push('line_open', tag, 1);
  open.map = [line, line + 1];
  open.block = true;
  const inline = state.push('inline', '', 0);
  Object.assign(inline, { content: match[2], map: [line, line + 1], children: [] });
  state.push('line_close', tag, -1);
  state.line = line + 1;
  return true;
}

/** As markdown-it's own, but it stops at "|" too. */
function plainText(state, silent) {
  NOT_TEXT.lastIndex = state.pos;
  const end = Math.min(NOT_TEXT.exec(state.src)?.index ?? state.posMax, state.posMax);
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

function mention(state, silent) {
  const match = matchAt(MENTION, state.src, state.pos) ?? matchAt(EVERYONE, state.src, state.pos);
  if (!match) return false;
  if (!silent) state.push('mention', '', 0).content = match[2] ?? match[0];
  state.pos += match[0].length;
  return true;
}

function mentionHtml(text, names) {
  const escape = md.utils.escapeHtml;
  const id = /\d+/.exec(text)?.[0];
  if (text.startsWith(':')) return escape(text);
  if (text.startsWith('<#')) return `<span class="mention">#${escape(names.placeName(id))}</span>`;
  if (text.startsWith('<@')) return `<span class="mention">@${escape(names.user(id))}</span>`;
  return `<span class="mention">${escape(text)}</span>`;
}

/** "<t:1700000000:R>", a moment as the reader's own clock and language have it */
function timestamp(state, silent) {
  const match = matchAt(TIMESTAMP, state.src, state.pos);
  if (!match) return false;
  if (!silent) state.push('timestamp', '', 0).meta = { seconds: Number(match[1]), style: match[2] };
  state.pos += match[0].length;
  return true;
}

function timeHtml({ seconds, style }) {
  const kind = style === 'R' ? 'stamp relative' : 'stamp';
  const moment = new Date(seconds * 1000).toISOString();
  return `<time class="${kind}" datetime="${moment}">${md.utils.escapeHtml(stampText(seconds, style))}</time>`;
}

/** Let the moments that stand in the page as "3 seconds ago" say what is true now. */
export function refreshTimes() {
  for (const time of document.querySelectorAll('time.relative')) {
    time.textContent = stampText(Date.parse(time.dateTime) / 1000, 'R');
  }
}

/** "||hidden||" */
function spoiler(state, silent) {
  const start = state.pos + 2;
  if (!state.src.startsWith('||', state.pos)) return false;
  const end = state.src.indexOf('||', start + 1);
  if (end < 0 || end + 2 > state.posMax) return false;
  if (!silent) {
    const last = state.posMax;
    state.push('spoiler_open', 'span', 1).attrSet('class', 'spoiler');
    state.push('spoiler_text_open', 'span', 1);
    Object.assign(state, { pos: start, posMax: end });
    state.md.inline.tokenize(state);
    state.posMax = last;
    state.push('spoiler_text_close', 'span', -1);
    state.push('spoiler_close', 'span', -1);
  }
  state.pos = end + 2;
  return true;
}

/** "__so__" is underlined, not bold. */
function underline(state) {
  for (const token of state.tokens.flatMap((token) => token.children ?? [])) {
    if (token.tag === 'strong' && token.markup === '__') token.tag = 'u';
  }
}

/** Blank lines between blocks are shown. */
function keepBlankLines(state) {
  const lines = state.src.split('\n');
  for (const token of state.tokens) {
    if (token.level || token.nesting < 0 || !token.map) continue;
    let blank = 0;
    while (blank < token.map[0] && !lines[token.map[0] - 1 - blank].trim()) blank += 1;
    if (blank) token.attrJoin('class', `gap${Math.min(blank, 3)}`);
  }
}
