// Every sentence of the page, in English and Japanese.

const ENGLISH = {
  servers: 'Servers',
  channels: 'Channels',
  server: 'This machine',
  textChannels: 'Text channels',
  you: 'You',
  yourName: 'Your name',
  changeName: (name) => `${name}: change your name`,
  online: 'Online',
  away: 'Offline',
  manager: 'Online, manages the server',
  topic: 'A channel on this machine. Ask the bot with /chat or !chat, by a mention, or by a reply to it.',
  panel: 'Behind the scenes',
  closePanel: 'Close the panel',
  welcomeTitle: (channel) => `Welcome to #${channel}!`,
  welcome: 'This is the start of the channel. Each browser window is another person; the first one manages the server.',
  messagesIn: (channel) => `Messages in #${channel}`,
  jump: 'Jump to the newest message',
  hint: 'Try it:',
  messageTo: (channel) => `Message #${channel}`,
  attach: 'Attach files',
  send: 'Send',
  drop: 'Drop files to attach them',
  remove: (name) => `Remove ${name}`,
  replyingTo: (name) => `Replying to ${name}`,
  reply: 'Reply',
  editing: 'Editing your message',
  edit: 'Edit',
  delete: 'Delete',
  cancel: 'Cancel',
  gone: 'This message is not there any more.',
  app: 'APP',
  edited: '(edited)',
  deletedOriginal: 'Original message was deleted',
  attachmentOnly: 'Click to see the attachment',
  showQuoted: (name, text) => `In reply to ${name}: ${text}`,
  spoiler: 'Spoiler: click to show',
  onlyYou: 'Only you can see this',
  dismiss: 'Dismiss',
  used: (command) => `used /${command}`,
  thinking: (name) => `${name} is thinking…`,
  opensTab: (label) => `${label} (opens a new tab)`,
  typing1: (a) => `${a} is typing…`,
  typing2: (a, b) => `${a} and ${b} are typing…`,
  typingMany: 'Several people are typing…',
  left: (count) => `${count} characters left`,
  offline: 'The connection is lost. Trying again …',
  full: 'Too many windows are open here. Close one, and load this page again.',
  slow_down: (seconds) => `That was fast! Please wait ${seconds} s: a person may write 5 messages in 5 seconds.`,
  too_long: 'A message can have 2,000 characters. This one is longer.',
  too_large: (name) => `${name} is too large: a file may have 1 MiB.`,
  too_many: (count) => `A message can have ${count} files.`,
  upload_failed: (name) => `${name} could not be sent.`,
  bad_name: 'A name needs a letter or another visible character.',
  name_taken: 'Somebody here has this name already.',
  no_button: 'This button is not there any more.',
  click_failed: 'This interaction failed.',
  no_answer: 'The application did not respond.',
  commands: 'Commands',
  optional: 'optional',
  attachOption: 'attach it with +',
  no_command: (name) => `There is no command /${name}.`,
  missing: (name, option) => `/${name} needs ${option}: fill it in.`,
  extra: (name, text) => `/${name} does not take this: ${text}`,
  bad_options: 'The command does not take these options.',
  budget: 'Edit budget of the channel',
  budgetLeft: (left, limit, seconds) => `${left} of ${limit} left` + (left < limit ? `, full in ${seconds} s` : ''),
  aboutBudget: 'Discord lets a bot edit only a few messages in 5 seconds, so the bot has to choose when. The answer to a slash command has a budget of its own.',
  characters: 'Characters of the answer',
  said: 'said by the model',
  shown: 'shown in the channel',
  lag: 'Lag',
  seconds: (value) => `${value} s`,
  aboutLag: 'How old the oldest text is that the model has said and the channel does not show yet.',
  calls: 'REST calls',
  callsCount: (count, refused) => `${count}` + (refused ? `, ${refused} refused` : ''),
  noCalls: 'None yet.',
  callNames: {
    create: 'create',
    edit: 'edit',
    delete: 'delete',
    typing: 'typing',
    respond: 'respond',
    defer: 'acknowledge',
    choices: 'offer choices',
    follow_up: 'follow up',
    webhook_edit: 'edit response',
    commands: 'commands',
    register: 'commands',
  },
  callChars: (count) => `${count} chars`,
};

const JAPANESE = {
  servers: 'サーバー',
  channels: 'チャンネル',
  server: 'このマシン',
  textChannels: 'テキストチャンネル',
  you: 'あなた',
  yourName: 'あなたの名前',
  changeName: (name) => `${name}: 名前を変更`,
  online: 'オンライン',
  away: 'オフライン',
  manager: 'オンライン (サーバー管理者)',
  topic: 'このマシンの中のチャンネルです。/chat や !chat、メンション、ボットへの返信で質問できます。',
  panel: '舞台裏',
  closePanel: 'パネルを閉じる',
  welcomeTitle: (channel) => `#${channel}へようこそ!`,
  welcome: 'ここがチャンネルの始まりです。ブラウザーのウィンドウごとに別の人になり、最初の人がサーバーを管理します。',
  messagesIn: (channel) => `#${channel}のメッセージ`,
  jump: '最新のメッセージへ移動',
  hint: '試してみる:',
  messageTo: (channel) => `#${channel}へメッセージを送信`,
  attach: 'ファイルを添付',
  send: '送信',
  drop: 'ここにドロップすると添付されます',
  remove: (name) => `${name}を外す`,
  replyingTo: (name) => `${name}に返信中`,
  reply: '返信',
  editing: 'メッセージを編集中',
  edit: '編集',
  delete: '削除',
  cancel: 'やめる',
  gone: 'このメッセージはもうありません。',
  app: 'アプリ',
  edited: '(編集済)',
  deletedOriginal: '元のメッセージは削除されました',
  attachmentOnly: 'クリックして添付ファイルを表示',
  showQuoted: (name, text) => `${name}への返信: ${text}`,
  spoiler: 'ネタバレ: クリックして表示',
  onlyYou: 'これはあなただけに表示されています',
  dismiss: '非表示にする',
  used: (command) => `が /${command} を使用しました`,
  thinking: (name) => `${name}が考えています…`,
  opensTab: (label) => `${label} (新しいタブで開きます)`,
  typing1: (a) => `${a}が入力中…`,
  typing2: (a, b) => `${a}と${b}が入力中…`,
  typingMany: '複数人が入力中…',
  left: (count) => `残り${count}文字`,
  offline: '接続が切れました。再接続しています…',
  full: '開いているウィンドウが多すぎます。どれかを閉じてから、再読み込みしてください。',
  slow_down: (seconds) => `少し速すぎます。${seconds}秒お待ちください。1人が送れるのは5秒間に5件までです。`,
  too_long: 'メッセージは2,000文字までです。',
  too_large: (name) => `${name}は大きすぎます。ファイルは1 MiBまでです。`,
  too_many: (count) => `1件のメッセージに添付できるファイルは${count}個までです。`,
  upload_failed: (name) => `${name}を送信できませんでした。`,
  bad_name: '名前には文字など、目に見えるものが必要です。',
  name_taken: 'その名前はすでに使われています。',
  no_button: 'このボタンはもうありません。',
  click_failed: 'インタラクションに失敗しました。',
  no_answer: 'アプリケーションが応答しませんでした。',
  commands: 'コマンド',
  optional: '省略可',
  attachOption: '+ で添付',
  no_command: (name) => `/${name} というコマンドはありません。`,
  missing: (name, option) => `/${name} には ${option} が必要です。入力してください。`,
  extra: (name, text) => `/${name} では使えません: ${text}`,
  bad_options: 'このコマンドでは使えないオプションです。',
  budget: 'チャンネルの編集枠',
  budgetLeft: (left, limit, seconds) => `残り${left}/${limit}` + (left < limit ? `、${seconds}秒後に全回復` : ''),
  aboutBudget: 'Discordでは、ボットは5秒間に数回しかメッセージを編集できません。そのため、ボットは編集するタイミングを選びます。スラッシュコマンドへの回答には別の枠があります。',
  characters: '回答の文字数',
  said: 'モデルが出力',
  shown: 'チャンネルに表示',
  lag: '遅れ',
  seconds: (value) => `${value}秒`,
  aboutLag: 'モデルが出力したのにまだ表示されていない文字のうち、最も古いものが何秒前のものかを示します。',
  calls: 'REST呼び出し',
  callsCount: (count, refused) => `${count}件` + (refused ? `、拒否${refused}件` : ''),
  noCalls: 'まだありません。',
  callNames: {
    create: '作成',
    edit: '編集',
    delete: '削除',
    typing: '入力中',
    respond: '応答',
    defer: '受付',
    choices: '候補の提示',
    follow_up: '追加の応答',
    webhook_edit: '応答の編集',
    commands: 'コマンド',
    register: 'コマンド',
  },
  callChars: (count) => `${count}文字`,
};

export const language = navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en';
export const words = language === 'ja' ? JAPANESE : ENGLISH;

/** Fill in the texts and labels of the HTML file. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = words[element.dataset.text];
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', words[element.dataset.label]);
  }
  for (const element of document.querySelectorAll('[data-title]')) {
    element.title = words[element.dataset.title];
    element.setAttribute('aria-label', words[element.dataset.title]);
  }
}

/** The time of day, with the date before it where it isn't today's. */
export function timeText(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: 'short' } : { dateStyle: 'short', timeStyle: 'short' };
  return new Intl.DateTimeFormat(language, style).format(date);
}

/** The date as a line between the messages of two days says it. */
export function dayText(seconds) {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(seconds * 1000));
}

const STAMPS = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
};
const UNITS = { year: 31536000, month: 2592000, day: 86400, hour: 3600, minute: 60, second: 1 };

/** A moment in one of Discord's styles (https://discord.com/developers/docs/reference#message-formatting). */
export function stampText(seconds, style = 'f') {
  if (style !== 'R') return new Intl.DateTimeFormat(language, STAMPS[style]).format(new Date(seconds * 1000));
  const from = Math.round(seconds - Date.now() / 1000);
  const [unit, size] = Object.entries(UNITS).find(([, size]) => Math.abs(from) >= size) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(language, { numeric: 'always' }).format(Math.trunc(from / size), unit);
}
