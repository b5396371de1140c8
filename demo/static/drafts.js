// What may stand in the composer, and what becomes of it: values in, values out, but for the upload of files.

import { person } from './connection.js';

/** What may stand in the composer. `editing`: the id of the message that is changed, and the text that stood here `before`. */
export const NOTHING = { text: '', files: [], replyTo: null, editing: null };

const joined = (...texts) => texts.filter(Boolean).join('\n');

/** What was begun, but no answer to and no change of a message that isn't there any more. */
export function withoutGone(begun, messages) {
  const { text, replyTo, editing } = begun;
  const kept = { ...begun, replyTo: messages.has(replyTo) ? replyTo : null };
  return !editing || messages.has(editing.id) ? kept : { ...kept, text: joined(editing.before, text), editing: null };
}

/** What was begun, and after it a draft that was not taken, with at most so many files. */
export function withDraft(begun, { text, files, replyTo, editing }, mostFiles) {
  if (editing) return { ...begun, text, replyTo: null, editing: { id: editing, before: begun.editing?.before ?? begun.text } };
  return {
    text: joined(begun.text, text),
    files: [...begun.files, ...files].slice(0, mostFiles),
    replyTo: begun.editing ? null : begun.replyTo ?? replyTo,
    editing: begun.editing,
  };
}

/** What was begun, without what was sent of it; what has come since stays. */
export function without(begun, draft) {
  const { text, files, replyTo, editing } = begun;
  if (draft.editing) return editing?.id === draft.editing ? { ...begun, text: editing.before, editing: null } : begun;
  const start = text.trimStart();
  return {
    ...begun,
    text: start.startsWith(draft.text) ? start.slice(draft.text.length).trimStart() : text,
    files: files.filter((file) => !draft.files.includes(file)),
    replyTo: replyTo === draft.replyTo ? null : replyTo,
  };
}

/** What the server is asked to do; `ids` are those of the draft's files. */
export function requestFor({ place, text, replyTo, editing, command }, ids) {
  if (editing) return { type: 'edit', message: editing, text };
  if (!command) return { type: 'say', place, text, reply_to: replyTo, files: ids };
  const files = Object.fromEntries(command.places.map((option, index) => [option, ids[index]]));
  return { type: 'slash', place, name: command.name, options: { ...command.options, ...files } };
}

/** Upload a file, and return the id under which a message can have it. */
export async function upload(file) {
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
