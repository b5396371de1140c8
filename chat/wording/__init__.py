"""Every sentence that a person reads, in English and Japanese.

A sentence is a constant; whoever says it fills in its names: ``SETTING_MISSING.say("ja", name="TOKEN")``.
"""

from __future__ import annotations

import functools
import re
from typing import Dict, Literal, NamedTuple, Sequence

from chat.llm.errors import ErrorKind

Language = Literal["en", "ja"]


class Sentence(NamedTuple):
    """One sentence that a person reads, in both languages; {names} are filled in by say()."""

    en: str
    ja: str

    def say(self, language: Language, **values: object) -> str:
        """The sentence in one language. Raises KeyError for a {name} that has no value."""
        text = self.en if language == "en" else self.ja
        return text.format(**values)


# --- settings.py: read at the terminal by whoever runs the bot -------------------------------------------------------

# The file itself. {file} is its name, {folder} where it was looked for.
SETTINGS_FILE_MISSING = Sentence(
    "There is no {file} in {folder}. Copy the sample in that folder, then fill it in: "
    "cp settings.py.sample {file} (Windows: copy settings.py.sample {file}). "
    "To try the bot first without any account: make demo "
    "(without make: python -m demo in the virtual environment, see README.md)",
    "{folder} に {file} がありません。このフォルダーで見本をコピーしてから、中身を書き込んでください: "
    "cp settings.py.sample {file} (Windows では copy settings.py.sample {file})。"
    "アカウントなしで先に試すこともできます: make demo "
    "(make がなければ、仮想環境で python -m demo。README.ja.md を参照)",
)
SETTINGS_FILE_NAMED_TXT = Sentence(
    "There is no {file} in {folder}, but a {file}.txt: the editor has added .txt to the name. Rename it: "
    "mv {file}.txt {file} (Windows: ren {file}.txt {file})",
    "{folder} に {file} がなく、{file}.txt があります。エディターが名前に .txt を付け足したようです。"
    "名前を変更してください: mv {file}.txt {file} (Windows では ren {file}.txt {file})",
)
SETTINGS_FILE_IS_FOLDER = Sentence(
    "{file} in {folder} is a folder. It must be a file: rename or remove the folder, then copy the sample: "
    "cp settings.py.sample {file} (Windows: copy settings.py.sample {file})",
    "{folder} の {file} はフォルダーになっています。ファイルでなければなりません。"
    "フォルダーの名前を変えるか削除してから、見本をコピーしてください: "
    "cp settings.py.sample {file} (Windows では copy settings.py.sample {file})",
)
SETTINGS_FILE_UNREADABLE = Sentence(
    "{file} in {folder} can't be read ({reason}). Make sure that your user is allowed to read it.",
    "{folder} の {file} を読み込めません ({reason})。お使いのユーザーに読み取りの権限があるか確認してください。",
)
SETTINGS_FILE_NOT_UTF8 = Sentence(
    "{file} is not saved as UTF-8. Open it in your editor and save it again as UTF-8 "
    "(Notepad: File → Save as → Encoding: UTF-8).",
    "{file} が UTF-8 で保存されていません。エディターで開き、文字コードを UTF-8 にして保存し直してください "
    "(メモ帳では「名前を付けて保存」→「エンコード」で UTF-8 を選びます)。",
)

SETTINGS_OPEN = Sentence(
    "Others on this computer can read {file}, and the bot's token is in it. Type: chmod 600 {file}",
    "{file} にはボットのトークンが入っていますが、このコンピューターのほかのユーザーも読める状態です。"
    "次のように入力してください: chmod 600 {file}",
)

# What Python says of it. {text} is the line, or as much of it as holds no secret; {hint} is one of the hints below.
SETTINGS_SYNTAX = Sentence(
    "{file}, line {line}: Python does not understand this line: {text} ({hint})",
    "{file} の {line} 行目: Python として読めない行です: {text} ({hint})",
)
SETTINGS_HINT_INDENTED = Sentence(
    "take away the blanks at the beginning of the line",
    "行の先頭の空白を取り除いてください",
)
SETTINGS_HINT_QUOTE_MARKS = Sentence(
    'it has quotes like “ ” or ‘ ’: replace them by the straight quotes " "',
    '“ ” や ‘ ’、「 」 のような引用符が使われています。半角の " " に置き換えてください',
)
SETTINGS_HINT_FULL_WIDTH = Sentence(
    "it has full-width characters: type letters, digits, signs and blanks in half width",
    "全角の文字が使われています。英数字、記号、空白は半角で入力してください",
)
SETTINGS_HINT_QUOTE_MISSING = Sentence(
    "a quote is missing: a text needs the same quote at its beginning and at its end",
    '引用符が足りません。文字列の始めと終わりに同じ引用符 (半角の " ") を付けてください',
)
SETTINGS_HINT_NO_QUOTES = Sentence(
    'put the text between quotes, like this: LLM_MODEL = "gemma:2b"',
    '文字列は引用符 (半角の " ") で囲んでください。例: LLM_MODEL = "gemma:2b"',
)
SETTINGS_HINT_LOOK = Sentence(
    "look for a missing quote, comma or bracket, in this line or the one before it",
    "引用符、カンマ、かっこが抜けていないか、この行と 1 つ前の行を確認してください",
)
SETTINGS_NAME_ERROR = Sentence(
    "{file}, line {line}: Python does not know {word} in this line: {text} ({hint})",
    "{file} の {line} 行目: Python の知らない名前 {word} が使われています: {text} ({hint})",
)
SETTINGS_RUN_ERROR = Sentence(
    "{file}, line {line}: Python can't run this line: {text} ({error}). "
    "Correct it, or compare it with settings.py.sample.",
    "{file} の {line} 行目: Python がこの行を実行できません: {text} ({error})。"
    "settings.py.sample と見比べて直してください。",
)

# Names
SETTING_MISSING = Sentence(
    "{name} is missing. Add a line that begins with {name} = ; settings.py.sample shows how.",
    "{name} がありません。settings.py.sample を参考に、{name} = で始まる行を書き足してください。",
)
SETTING_UNKNOWN = Sentence(
    "There is no setting {name}. Remove it, or, if it is a helper of your own, write its name in small letters.",
    "{name} という設定はありません。削除してください。ご自分用の変数であれば、名前を小文字にしてください。",
)
SETTING_UNKNOWN_NEAR = Sentence(
    "There is no setting {name}. Did you mean {nearest}? Then write {nearest}.",
    "{name} という設定はありません。{nearest} のことでしたら、{nearest} と書いてください。",
)

# Values. {found} is what stands in settings.py: a number, a text with its quotes, or one of SETTING_FOUND_….
SETTING_FOUND_NUMBER = Sentence("a number", "数値")
SETTING_FOUND_LIST = Sentence("a list", "リスト")
SETTING_FOUND_OTHER = Sentence("something that is neither text nor number", "文字列でも数値でもないもの")
SETTING_NOT_TEXT = Sentence(
    '{name} must be a text between quotes, like {name} = "…"; it is {found}.',
    '{name} には引用符で囲んだ文字列を {name} = "…" のように書いてください。今の値は {found} です。',
)
SETTING_EMPTY = Sentence(
    "{name} is empty. Fill it in; settings.py.sample shows how.",
    "{name} が空です。settings.py.sample を参考に書き込んでください。",
)
SETTING_UNPRINTABLE = Sentence(
    "{name} has a line break or an invisible character in it. Type it again on one line.",
    "{name} に改行か、目に見えない文字が入っています。1 行で入力し直してください。",
)
SETTING_NUMBER_BETWEEN = Sentence(
    "{name} must be a number between {low} and {high}, it is {found}.",
    "{name} には {low} から {high} までの整数を書いてください。今の値は {found} です。",
)
SETTING_NUMBER_FROM = Sentence(
    "{name} must be a whole number, {low} or more, it is {found}.",
    "{name} には {low} 以上の整数を書いてください。今の値は {found} です。",
)
SETTING_SECONDS = Sentence(
    "{name} must be a number of seconds, more than 0 and at most {high}, it is {found}.",
    "{name} には秒数を、0 より大きく {high} 以下の数値で書いてください。今の値は {found} です。",
)
SETTING_SECONDS_OR_NONE = Sentence(
    "{name} must be a number of seconds between 0 and {high}, it is {found}.",
    "{name} には秒数を、0 以上 {high} 以下の数値で書いてください。今の値は {found} です。",
)
SETTING_CHOICE = Sentence(
    "{name} must be one of {choices}, it is {found}.",
    "{name} には {choices} のどれかを書いてください。今の値は {found} です。",
)

SETTING_SWITCH = Sentence(
    "{name} must be True or False, it is {found}.",
    "{name} には True か False を書いてください。今の値は {found} です。",
)
SETTING_THINK = Sentence(
    '{name} must be True, False or "auto", it is {found}.',
    '{name} には True、False、"auto" のどれかを書いてください。今の値は {found} です。',
)

# TOKEN, LLM_API_KEY
SETTING_TOKEN_PLACEHOLDER = Sentence(
    "{name} still holds the sample's text. Put your bot's token there: "
    "https://discord.com/developers/applications → your application → Bot → Reset Token.",
    "{name} が見本のままです。ボットのトークンを書き込んでください: "
    "https://discord.com/developers/applications → 自分のアプリケーション →「Bot」→「Reset Token」で表示されます。",
)
SETTING_TOKEN_CHARACTERS = Sentence(
    "{name} has a blank or another character that no token has. Copy the token again, whole and without anything else: "
    "https://discord.com/developers/applications → your application → Bot → Reset Token.",
    "{name} に空白など、トークンにはない文字が入っています。トークンだけをもう一度コピーしてください: "
    "https://discord.com/developers/applications → 自分のアプリケーション →「Bot」→「Reset Token」で表示されます。",
)
SETTING_KEY_CHARACTERS = Sentence(
    "{name} has a line break or a character that no key has. Only ASCII letters, digits and signs can be sent: "
    "copy the key again.",
    "{name} に改行など、キーには使えない文字が入っています。使えるのは半角の英数字と記号だけです。"
    "キーをもう一度コピーしてください。",
)

# CHATBOT_CH_ID
SETTING_HOW_TO_COPY_CHANNEL_ID = Sentence(
    "in Discord, switch on User Settings → Advanced → Developer Mode, then right-click the channel → Copy Channel ID",
    "Discord の「ユーザー設定」→「詳細設定」で「開発者モード」をオンにし、"
    "チャンネルを右クリックして「チャンネルIDをコピー」を選びます",
)
SETTING_CHANNEL_PLACEHOLDER = Sentence(
    "{name} still holds the sample's number. Put your channel's ID there: {how}.",
    "{name} が見本の番号のままです。お使いのチャンネルの ID を書き込んでください: {how}。",
)
SETTING_CHANNEL_NOT_ID = Sentence(
    "{name} must be a channel's ID, a number of 15 to 20 digits, or a list of them; it is {found}. To get it: {how}.",
    "{name} にはチャンネルの ID (15〜20 桁の数字) か、そのリストを書いてください。今の値は {found} です。"
    "ID の調べ方: {how}。",
)
SETTING_CHANNEL_NONE = Sentence(
    "{name} is an empty list. Put the ID of at least one channel there: {how}.",
    "{name} が空のリストです。チャンネルの ID を 1 つ以上書き込んでください: {how}。",
)

# ALLOWED_ROLES, BLOCKED_USERS
SETTING_ROLE_NOT_ID = Sentence(
    "{name} must be a role's ID, a number of 15 to 20 digits, or a list of them; it is {found}. To get it: in Discord, "
    "switch on User Settings → Advanced → Developer Mode, then right-click the role in Server Settings → Roles → Copy "
    "Role ID.",
    "{name} にはロールの ID (15〜20 桁の数字) か、そのリストを書いてください。今の値は {found} です。"
    "ID の調べ方: Discord の「ユーザー設定」→「詳細設定」で「開発者モード」をオンにし、"
    "「サーバー設定」→「ロール」でロールを右クリックして「ロールIDをコピー」を選びます。",
)
SETTING_USER_NOT_ID = Sentence(
    "{name} must be a person's ID, a number of 15 to 20 digits, or a list of them; it is {found}. To get it: in "
    "Discord, switch on User Settings → Advanced → Developer Mode, then right-click the person → Copy User ID.",
    "{name} にはユーザーの ID (15〜20 桁の数字) か、そのリストを書いてください。今の値は {found} です。"
    "ID の調べ方: Discord の「ユーザー設定」→「詳細設定」で「開発者モード」をオンにし、"
    "ユーザーを右クリックして「ユーザーIDをコピー」を選びます。",
)

# LLM_HOST
SETTING_HOST_NOT_A_HOST = Sentence(
    '{name} must be a computer\'s name or address like "127.0.0.1", or a whole URL like "https://example.com/path"; '
    "it is {found}.",
    '{name} には "127.0.0.1" のようなホスト名かアドレス、または "https://example.com/path" のような URL 全体を'
    "書いてください。今の値は {found} です。",
)
SETTING_HOST_WITH_PORT = Sentence(
    '{name} has the port in it. Write the two apart: {name} = "{host}" and LLM_PORT = {port}',
    '{name} にポート番号が入っています。2 つに分けて書いてください: {name} = "{host}" と LLM_PORT = {port}',
)
SETTING_HOST_SCHEME = Sentence(
    "{name} must begin with http:// or https:// if it is a URL, it is {found}.",
    "{name} に URL を書くときは http:// か https:// で始めてください。今の値は {found} です。",
)
SETTING_HOST_BAD_PORT = Sentence(
    "{name} has a port that is no number between 1 and 65535, it is {found}.",
    "{name} の中のポート番号は 1 から 65535 までの整数にしてください。今の値は {found} です。",
)
SETTING_HOST_WITH_PASSWORD = Sentence(
    "{name} has a user name or password (the part before @). Take it out, and put the server's key in LLM_API_KEY.",
    "{name} にユーザー名かパスワード (@ の前の部分) が入っています。それを取り除き、"
    "サーバーのキーは LLM_API_KEY に書いてください。",
)
SETTING_HOST_WITH_QUERY = Sentence(
    "{name} has a part that begins with ? or #. Take it out; a key goes in LLM_API_KEY.",
    "{name} に ? か # で始まる部分があります。取り除いてください。キーは LLM_API_KEY に書きます。",
)
SETTING_HOST_IS_OPENAI = Sentence(
    '{name} ends with {path}, as for an OpenAI-compatible server. Add LLM_API = "openai", '
    "or take {path} out for Ollama.",
    "{name} が OpenAI 互換サーバーのように {path} で終わっています。"
    'LLM_API = "openai" を書き足すか、Ollama を使うときは {path} を取り除いてください。',
)

# COMMAND_PREFIX
SETTING_PREFIX_LENGTH = Sentence(
    "{name} must be 1 to 10 visible characters without blanks, it is {found}.",
    "{name} には空白を含まない 1〜10 文字を書いてください。今の値は {found} です。",
)
SETTING_PREFIX_SLASH = Sentence(
    '{name} must not begin with "/": Discord keeps that for its own command menu. "!" will do.',
    '{name} を "/" で始めることはできません。Discord がコマンドのメニューに使うためです。"!" などにしてください。',
)
SETTING_PREFIX_MENTION = Sentence(
    '{name} must not begin with "@" or "<": Discord turns such text into mentions and emoji. "!" will do.',
    '{name} を "@" や "<" で始めることはできません。Discord がメンションや絵文字として扱うためです。'
    '"!" などにしてください。',
)


# --- In the channel --------------------------------------------------------------------------------------------------

USAGE = Sentence(
    "Write your question behind the command, like this: `{prefix}chat Hello! How are you?`",
    "コマンドの後に質問を書いてください。例: `{prefix}chat こんにちは！`",
)
WRONG_CHANNEL = Sentence(
    "I answer in {channels}. Please ask me there.",
    "私がお答えするのは {channels} です。そちらで質問してください。",
)
NOT_ALLOWED = Sentence(
    "Only people with certain roles may ask me. Please ask whoever runs this server for such a role.",
    "質問できるのは、決められたロールを持つ方だけです。ロールについては、サーバーの管理者にお尋ねください。",
)
BLOCKED = Sentence(
    "Whoever runs the bot has set that I don't answer you. If you think that this is a mistake, please tell them.",
    "ボットの管理者の設定により、あなたの質問にはお答えできません。"
    "間違いだと思われる場合は、管理者にお知らせください。",
)
TOO_MANY = Sentence(
    "⏳ You have as many answers growing as one person may have at once ({most}). Wait for one to end, or stop it with "
    "`{prefix}stop`.",
    "⏳ 1 人が同時に受け取れる答えの数の上限 ({most}) に達しています。"
    "どれかが終わるまで待つか、`{prefix}stop` で止めてください。",
)
TOO_SOON = Sentence(
    "⏳ Please wait {seconds} s before your next question.",
    "⏳ 次の質問まで、あと {seconds} 秒お待ちください。",
)
NOTICE = Sentence("⏳ Waiting for the model …", "⏳ モデルの返答を待っています…")
THINKING = Sentence(
    "💭 The model is thinking … (asked {since})",
    "💭 モデルが考えています… ({since}の質問)",
)
IN_LINE = Sentence("⏳ Number {place} in line …", "⏳ 順番を待っています… ({place} 番目)")
FULL = Sentence(
    "⏳ Too many people are asking right now. Please ask again in a few minutes.",
    "⏳ 質問が混み合っています。数分待ってから、もう一度質問してください。",
)
GOES_ON = Sentence(
    "The answer goes on. When it ends, all of it will be in a file here.",
    "答えはまだ続いています。終わったら、全文をここにファイルで添付します。",
)
IN_FILE = Sentence(
    "The answer is longer than the bot may write here. All of it is in the file {file}.",
    "答えがここに書ける長さを超えました。全文はファイル {file} にあります。",
)
THOUGHTS_IN_FILE = Sentence(
    "What it thought is in the file {file}.",
    "考えた内容はファイル {file} にあります。",
)
STILL_THINKING = Sentence(
    "⚠️ The model ended while it was still thinking, so there is no answer, or not all of it. Please ask again, perhaps "
    "for something smaller.",
    "⚠️ モデルが考えている途中で終わったため、答えがないか、途中までです。"
    "質問を小さくするなどして、もう一度質問してみてください。",
)
LENGTH = Sentence(
    '⚠️ The model reached its own length limit, so the answer may end too early. To go on, reply to it with "go on".',
    "⚠️ モデルの長さの上限に達したため、答えは途中までかもしれません。"
    "続きが必要なら、この答えに「続けて」と返信してください。",
)
TOO_LONG = Sentence(
    "⚠️ Stopped here: the model said more than {chars} characters. Whoever runs the bot can raise MAX_ANSWER_CHARS in "
    "settings.py.",
    "⚠️ {chars} 文字を超えたため、ここで止めました。ボットの管理者が settings.py の MAX_ANSWER_CHARS を大きくできます。",
)
EMPTY = Sentence(
    "⚠️ The model gave an empty answer. Please ask again, perhaps in other words.",
    "⚠️ モデルの答えが空でした。言い方を変えて、もう一度質問してみてください。",
)
INCOMPLETE = Sentence(
    "⚠️ The answer may end too early: the LLM server stopped without saying that it was complete. "
    "Please ask again if something is missing.",
    "⚠️ 答えが途中で終わっているかもしれません。LLM サーバーが完了を知らせずに送信を終えました。"
    "足りない場合はもう一度質問してください。",
)
BROKEN_OFF = Sentence(
    "⚠️ Broken off: the bot was stopped. Please ask again when it is back.",
    "⚠️ ボットが停止したため、ここで中断しました。再開したらもう一度質問してください。",
)

STOPPED = Sentence("⏹️ Stopped.", "⏹️ ここで停止しました。")
STOP_BUTTON = Sentence("Stop", "停止")
STOP_NOT_YOURS = Sentence(
    "Only who asked, or somebody who may manage messages, can stop this answer.",
    "この答えを停止できるのは、質問した人とメッセージを管理できる人だけです。",
)
STOP_OVER = Sentence(
    "This answer is not being written any more. To go on, reply to it.",
    "この答えはもう書き込み中ではありません。続けるには、この答えに返信してください。",
)
STOP_NOTHING = Sentence(
    "No answer of yours is being written here. To stop another one, reply to it with `{prefix}stop`.",
    "ここで書き込み中のあなたへの答えはありません。"
    "ほかの答えを停止するには、その答えに `{prefix}stop` と返信してください。",
)
STOP_DONE = Sentence("Stopped.", "停止しました。")
MODEL_LIST = Sentence(
    "Models on the LLM server (● answers here):\n{models}\n"
    "Who may manage the server can let another one answer in this channel: `{prefix}model NAME`",
    "LLM サーバーにあるモデル (● がここで使用中):\n{models}\n"
    "サーバーを管理できる人は、このチャンネルのモデルを切り替えられます: `{prefix}model 名前`",
)
MODEL_SWITCHED = Sentence(
    "From now on {model} answers in this channel, until the bot is started anew.",
    "このチャンネルでは今から {model} が答えます (ボットが再起動するまで)。",
)
MODEL_UNKNOWN = Sentence(
    "The LLM server does not have the model {model}. It has, for example, {models}.",
    "LLM サーバーにモデル {model} はありません。例えば {models} があります。",
)
MODEL_NOT_ALLOWED = Sentence(
    "Only people who may manage this server can switch the model.",
    "モデルを切り替えられるのは、このサーバーを管理できる人だけです。",
)
HELP = Sentence(
    "ℹ️ **How to talk with me**\n"
    "`{prefix}chat Hello!` or `/chat` – ask me something; {bot} in a message does it too.\n"
    "**Reply** to my answer to go on with it. Reply to anybody's message with `{prefix}chat` or {bot}, and I see "
    "that message too. In a thread I see the thread.\n"
    "**Attach** a picture (if the model can see) or a text file to ask about it.\n"
    "**Stop** under a growing answer, `{prefix}stop`, or deleting your question ends it.\n"
    "`{prefix}model` – the models that there are, and which one answers here.\n"
    "`{prefix}help` – this text.",
    "ℹ️ **話しかけ方**\n"
    "`{prefix}chat こんにちは！` か `/chat` で質問できます。メッセージに {bot} と書いても質問になります。\n"
    "答えに**返信**すると会話を続けられます。ほかの人のメッセージに `{prefix}chat` か {bot} を付けて返信すると、"
    "そのメッセージも読みます。スレッドの中では、スレッド全体が会話になります。\n"
    "画像 (モデルが対応している場合) やテキストファイルを**添付**して質問できます。\n"
    "書き込み中の答えは、下の**停止**ボタンか `{prefix}stop`、または質問の削除で止まります。\n"
    "`{prefix}model` – 使えるモデルと、ここで答えるモデルの一覧\n"
    "`{prefix}help` – この説明",
)

# In Discord's menu of commands; at most 100 characters each.
COMMAND_CHAT = Sentence("Ask the model something", "モデルに質問する")
COMMAND_CHAT_PROMPT = Sentence("Your question", "質問")
COMMAND_CHAT_FILE = Sentence("A picture or text file to ask about", "質問に添える画像かテキストファイル")
COMMAND_STOP = Sentence(
    "Stop the answers to you that are being written here", "ここで書き込み中の、自分への答えを止める"
)
COMMAND_MODEL = Sentence("Show the models, or let another one answer here", "モデルの一覧を見る、または切り替える")
COMMAND_MODEL_NAME = Sentence("The model that is to answer in this channel", "このチャンネルで使うモデル")
COMMAND_HELP = Sentence("How to talk with this bot", "このボットとの話し方")
COMMANDS = (
    *(COMMAND_CHAT, COMMAND_CHAT_PROMPT, COMMAND_CHAT_FILE, COMMAND_STOP),
    *(COMMAND_MODEL, COMMAND_MODEL_NAME, COMMAND_HELP),
)

LEFT_OUT = Sentence(
    "The beginning of this conversation was left out, as it is too long for the bot's settings.",
    "会話が設定の上限より長いため、始めのほうは省きました。",
)

FILE_NOT_SEEN = Sentence(
    "🖼️ {file} was not sent: this model can't see pictures.",
    "🖼️ {file} は送られませんでした。このモデルは画像を見ることができません。",
)
FILE_TOO_MANY = Sentence(
    "🖼️ {file} was not sent: one question takes 4 pictures.",
    "🖼️ {file} は送られませんでした。1 回の質問で送れる画像は 4 枚までです。",
)
FILE_TOO_LARGE = Sentence(
    "📎 {file} was not sent: it is larger than 10 MiB.",
    "📎 {file} は送られませんでした。10 MiB を超えています。",
)
FILE_NO_TEXT = Sentence(
    "📎 {file} was not sent: only pictures (PNG, JPEG, WebP, GIF) and UTF-8 text files can be.",
    "📎 {file} は送られませんでした。送れるのは画像 (PNG、JPEG、WebP、GIF) と UTF-8 のテキストファイルだけです。",
)
FILE_UNREADABLE = Sentence(
    "📎 {file} was not sent: Discord did not give it. Please attach it again.",
    "📎 {file} は送られませんでした。Discord から読み込めませんでした。もう一度添付してください。",
)
FILE_CUT = Sentence(
    "📎 {file} is longer than 256 KiB: the rest was not sent.",
    "📎 {file} は 256 KiB を超えているため、残りは送られませんでした。",
)

MODEL_MISSING_OLLAMA = Sentence(
    "⚠️ The LLM server does not have the model {model}. Whoever runs it can get it with `ollama pull {model}`; "
    "then ask again.",
    "⚠️ LLM サーバーにモデル {model} がありません。"
    "管理者が `ollama pull {model}` で入手してから、もう一度質問してください。",
)
MODEL_MISSING_OPENAI = Sentence(
    "⚠️ The LLM server does not have the model {model}. Whoever runs the bot can set another one as LLM_MODEL in "
    "settings.py.",
    "⚠️ LLM サーバーにモデル {model} がありません。"
    "ボットの管理者が settings.py の LLM_MODEL を別のモデルに変更してください。",
)
LLM_ERRORS: Dict[ErrorKind, Sentence] = {
    ErrorKind.UNREACHABLE: Sentence(
        "⚠️ I can't reach the LLM server at {address}. Whoever runs the bot should check that it is running; "
        "then ask again.",
        "⚠️ LLM サーバー ({address}) に接続できません。起動しているかどうかをボットの管理者が確認してから、"
        "もう一度質問してください。",
    ),
    ErrorKind.NAME_UNKNOWN: Sentence(
        "⚠️ There is no server by the name of the LLM server's address {address}. Whoever runs the bot should check "
        "LLM_HOST in settings.py.",
        "⚠️ LLM サーバーのアドレス {address} が見つかりません。"
        "ボットの管理者が settings.py の LLM_HOST を確認してください。",
    ),
    ErrorKind.NOT_SECURE: Sentence(
        "⚠️ No secure connection to the LLM server at {address}: its certificate was refused. Whoever runs the bot "
        "should check LLM_HOST in settings.py and the server's certificate.",
        "⚠️ LLM サーバー ({address}) の証明書が受け入れられず、安全に接続できません。ボットの管理者が settings.py の "
        "LLM_HOST とサーバーの証明書を確認してください。",
    ),
    ErrorKind.NOT_THE_API: Sentence(
        "⚠️ At {address} something else answers than the LLM server that I expect. Whoever runs the bot should check "
        "LLM_HOST, LLM_PORT and LLM_API in settings.py.",
        "⚠️ {address} から LLM サーバーではない応答が返ってきました。ボットの管理者が settings.py の "
        "LLM_HOST、LLM_PORT、LLM_API を確認してください。",
    ),
    ErrorKind.PROMPT_TOO_LONG: Sentence(
        "⚠️ The question is too long for the model. Please make it shorter and ask again.",
        "⚠️ 質問がモデルにとって長すぎます。短くしてもう一度質問してください。",
    ),
    ErrorKind.NO_PICTURES: Sentence(
        "⚠️ The model can't see this picture. Please ask again without it; whoever runs the bot can choose a model that "
        "sees pictures.",
        "⚠️ モデルがこの画像を見ることができません。画像なしでもう一度質問してください。"
        "ボットの管理者は、画像に対応したモデルを選べます。",
    ),
    ErrorKind.KEY_REFUSED: Sentence(
        "⚠️ The LLM server refused the bot's API key. Whoever runs the bot should check LLM_API_KEY in settings.py.",
        "⚠️ LLM サーバーがボットの API キーを受け付けませんでした。ボットの管理者が settings.py の LLM_API_KEY を"
        "確認してください。",
    ),
    ErrorKind.BUSY: Sentence(
        "⚠️ The LLM server is too busy right now. Please ask again in a minute.",
        "⚠️ LLM サーバーが混み合っています。1 分ほど待ってから、もう一度質問してください。",
    ),
    ErrorKind.REQUEST_REFUSED: Sentence(
        "⚠️ The LLM server refused the request. Whoever runs the bot finds the reason in its log.",
        "⚠️ LLM サーバーがリクエストを拒否しました。ボットの管理者がログで理由を確認してください。",
    ),
    ErrorKind.SERVER_ERROR: Sentence(
        "⚠️ The LLM server reported an error. Please ask again; if it happens again, whoever runs the bot finds the "
        "reason in its log.",
        "⚠️ LLM サーバーでエラーが起きました。もう一度質問してください。繰り返す場合は、ボットの管理者がログで理由を"
        "確認してください。",
    ),
    ErrorKind.SILENT: Sentence(
        "⚠️ The LLM server was silent for too long. Please ask again; if it happens again, whoever runs the bot can "
        "raise LLM_READ_TIMEOUT in settings.py.",
        "⚠️ LLM サーバーから長い間応答がありませんでした。もう一度質問してください。繰り返す場合は、ボットの管理者が "
        "settings.py の LLM_READ_TIMEOUT を大きくしてください。",
    ),
    ErrorKind.CUT_OFF: Sentence(
        "⚠️ The connection to the LLM server broke off. Please ask again.",
        "⚠️ LLM サーバーとの接続が切れました。もう一度質問してください。",
    ),
    ErrorKind.BAD_STREAM: Sentence(
        "⚠️ The LLM server at {address} sent something that I can't read. Whoever runs the bot should check LLM_API in "
        "settings.py.",
        "⚠️ LLM サーバー ({address}) から読み取れないデータが届きました。ボットの管理者が settings.py の LLM_API を"
        "確認してください。",
    ),
    ErrorKind.INTERNAL: Sentence(
        "⚠️ Something went wrong in the bot itself. Whoever runs it finds the reason in its log.",
        "⚠️ ボットの内部でエラーが起きました。管理者がログで理由を確認してください。",
    ),
}


def model_missing(api: str) -> Sentence:
    """What to do depends on the kind of server: only Ollama has models that can be pulled."""
    return MODEL_MISSING_OLLAMA if api == "ollama" else MODEL_MISSING_OPENAI


def llm_error(kind: ErrorKind, api: str) -> Sentence:
    """The sentence for what is wrong with the LLM server; it takes {address} and {model}."""
    return model_missing(api) if kind is ErrorKind.MODEL_MISSING else LLM_ERRORS[kind]


# --- At the start: read at the terminal by whoever runs the bot ------------------------------------------------------

START_PACKAGES = Sentence(
    "This Python lacks what the bot needs, or has too old a version of it: {packages}. {what}",
    "ボットに必要なライブラリがこの Python にないか、古すぎます: {packages}。{what}",
)
PACKAGES_INSTALL = Sentence(
    "Type: {python} -m pip install -r requirements.txt (step 2 of README.md has all of it).",
    "次のように入力してください: {python} -m pip install -r requirements.txt (詳しくは README.ja.md の手順 2)。",
)
PACKAGES_IN_VENV = Sentence(
    "Start the bot with the Python in the folder .venv: .venv/bin/python3 chatbot.py "
    "(Windows: .venv\\Scripts\\python chatbot.py); if it says the same, type there first: "
    ".venv/bin/python3 -m pip install -r requirements.txt",
    "フォルダー .venv の Python で起動してください: .venv/bin/python3 chatbot.py "
    "(Windows では .venv\\Scripts\\python chatbot.py)。それでも同じ表示なら、先に次のように入力してください: "
    ".venv/bin/python3 -m pip install -r requirements.txt",
)
START_WRONG_TOKEN = Sentence(
    "Discord refuses the TOKEN of settings.py. Open https://discord.com/developers/applications, choose your "
    'application, then "Bot" → "Reset Token", and copy the new token into settings.py.',
    "settings.py の TOKEN が Discord に拒否されました。"
    "https://discord.com/developers/applications でアプリケーションを選び、"
    "「Bot」→「Reset Token」で新しいトークンを作り、settings.py に貼り付けてください。",
)
START_INTENT_OFF = Sentence(
    "The bot may not read messages yet. Open https://discord.com/developers/applications, choose your application, "
    'then "Bot" → "Privileged Gateway Intents", switch on "Message Content Intent", click "Save Changes" and start '
    "the bot again.",
    "ボットにメッセージを読む許可がありません。https://discord.com/developers/applications でアプリケーションを選び、"
    "「Bot」→「Privileged Gateway Intents」の「Message Content Intent」をオンにして「Save Changes」を押し、"
    "ボットを起動し直してください。",
)
START_NO_DISCORD = Sentence(
    "Discord can't be reached, or answered with an error (see the line above). Check the internet connection and "
    "https://discordstatus.com, then start the bot again.",
    "Discord に接続できないか、エラーが返ってきました (上の行を参照)。インターネット接続と https://discordstatus.com を"
    "確認してから、ボットを起動し直してください。",
)
START_NO_SERVER = Sentence(
    "The bot is in no Discord server yet. Open this link to invite it: {invite}",
    "ボットはまだどの Discord サーバーにも参加していません。次のリンクを開いて招待してください: {invite}",
)
START_NO_CHANNEL = Sentence(
    "The bot sees no channel with the id {id} (CHATBOT_CH_ID). Switch on Developer Mode in Discord (User Settings → "
    "Advanced), right-click the channel → Copy Channel ID, and put it into settings.py. If the channel is in a server "
    "that the bot has not joined, invite it: {invite}",
    "ID {id} (CHATBOT_CH_ID) のチャンネルが見つかりません。Discord の「ユーザー設定」→「詳細設定」で「開発者モード」を"
    "オンにし、チャンネルを右クリックして「チャンネルIDをコピー」を選び、settings.py に貼り付けてください。"
    "ボットが参加していないサーバーのチャンネルなら、招待してください: {invite}",
)
START_CATEGORY = Sentence(
    "{channel} (id {id}, CHATBOT_CH_ID) is a category, not a channel. Copy the id of a text channel under it.",
    "{channel} (ID {id}、CHATBOT_CH_ID) はチャンネルではなくカテゴリーです。その下のテキストチャンネルの ID を"
    "コピーしてください。",
)
START_RIGHTS = Sentence(
    "The bot lacks rights in #{channel} of {server}: {rights}. Click the gear beside the channel's name → Permissions, "
    "add the bot's role, and allow them.",
    "{server} の #{channel} でボットの権限が足りません: {rights}。"
    "チャンネル名の横の歯車 →「権限」でボットのロールを追加し、"
    "許可してください。",
)
RIGHTS: Dict[str, Sentence] = {
    "view_channel": Sentence("View Channel", "チャンネルを見る"),
    "read_messages": Sentence("View Channel", "チャンネルを見る"),
    "send_messages": Sentence("Send Messages", "メッセージを送信"),
    "send_messages_in_threads": Sentence("Send Messages in Threads", "スレッドでメッセージを送信"),
    "attach_files": Sentence("Attach Files", "ファイルを添付"),
    "read_message_history": Sentence("Read Message History", "メッセージ履歴を読む"),
}
"""By discord.py's name of the permission, as Discord's channel settings call it."""


# --- chatbot.py --check: read at the terminal by whoever runs the bot ------------------------------------------------

CHECK_SKIPPED = Sentence(
    "{what}: not looked at, because of what is wrong above.",
    "{what}: 上の問題が直るまで確認できません。",
)
CHECK_PYTHON = Sentence("Python {version} is recent enough.", "Python {version} は十分に新しい版です。")
CHECK_PYTHON_OLD = Sentence(
    "Python {version} is too old. Install Python 3.8 or later (https://www.python.org/downloads/), then do step 2 of "
    "README.md again.",
    "Python {version} は古すぎます。Python 3.8 以降をインストールし (https://www.python.org/downloads/)、"
    "README.ja.md の手順 2 をやり直してください。",
)
CHECK_PACKAGE = Sentence("{package} {found} is installed.", "{package} {found} がインストールされています。")
CHECK_PACKAGE_MISSING = Sentence(
    "{package} is missing. {what}",
    "{package} がインストールされていません。{what}",
)
CHECK_PACKAGE_OLD = Sentence(
    "{package} {found} is too old: the bot needs {wanted}. {what}",
    "{package} {found} は古すぎます。ボットには {wanted} が必要です。{what}",
)
CHECK_PACKAGE_NEW = Sentence(
    "{package} {found} is newer than the bot was made for ({wanted}). {what}",
    "{package} {found} は、ボットが対応している版 ({wanted}) より新しい版です。{what}",
)
CHECK_SETTINGS = Sentence("{file} has all that it must, and nothing wrong.", "{file} の設定に問題はありません。")
CHECK_LLM_ADDRESS = Sentence(
    "The LLM server at {address} can be reached.",
    "LLM サーバー ({address}) に接続できます。",
)
CHECK_LLM_API = Sentence(
    'It answers with the API that LLM_API says ("{api}").',
    'LLM サーバーの API は LLM_API ("{api}") のとおりです。',
)
CHECK_LLM_OTHER_API = Sentence(
    'The server at {address} does not have the API of LLM_API = "{api}", but that of "{other}". Write '
    'LLM_API = "{other}" in settings.py.',
    '{address} のサーバーの API は、LLM_API = "{api}" のものではなく "{other}" のものです。'
    'settings.py に LLM_API = "{other}" と書いてください。',
)
CHECK_LLM_MODEL = Sentence("It has the model {model}.", "モデル {model} があります。")
CHECK_LLM_NO_MODEL = Sentence(
    "It does not have the model {model}. Type: ollama pull {model} – or set LLM_MODEL in settings.py to one that it "
    "has: {models}",
    "モデル {model} がありません。ollama pull {model} と入力して入手するか、"
    "settings.py の LLM_MODEL を、サーバーにあるモデルに変えてください: {models}",
)
CHECK_LLM_NO_MODEL_OPENAI = Sentence(
    "It does not have the model {model}. Set LLM_MODEL in settings.py to one that it has: {models}",
    "モデル {model} がありません。settings.py の LLM_MODEL を、サーバーにあるモデルに変えてください: {models}",
)
CHECK_LLM_WAITING = Sentence(
    "Asking the model for one word. It may have to be loaded first; this waits up to {seconds} s (LLM_READ_TIMEOUT).",
    "モデルに一言だけ質問しています。モデルの読み込みに時間がかかることがあります "
    "({seconds} 秒 (LLM_READ_TIMEOUT) で打ち切ります)。",
)
CHECK_LLM_ANSWER = Sentence(
    "The model answers; its first token came after {seconds} s.",
    "モデルが答えました。最初のトークンまで {seconds} 秒でした。",
)
CHECK_LLM_EMPTY = Sentence(
    "The model gave an empty answer. Try another one: set LLM_MODEL in settings.py.",
    "モデルの答えが空でした。settings.py の LLM_MODEL を変えて、別のモデルを試してください。",
)
CHECK_LLM_INCOMPLETE = Sentence(
    "The LLM server broke the answer off without saying that it was complete. Look at the server's own log, and at a "
    "proxy if there is one in between.",
    "LLM サーバーが、完了を知らせずに答えの送信を終えました。"
    "サーバーのログと、間にプロキシがあればその設定を確認してください。",
)
CHECK_LLM_ERRORS: Dict[ErrorKind, Sentence] = {
    ErrorKind.UNREACHABLE: Sentence(
        "The LLM server at {address} can't be reached. Start it (Ollama: ollama serve), or correct LLM_HOST and "
        "LLM_PORT in settings.py.",
        "LLM サーバー ({address}) に接続できません。サーバーを起動するか (Ollama では ollama serve)、"
        "settings.py の LLM_HOST と LLM_PORT を直してください。",
    ),
    ErrorKind.NAME_UNKNOWN: Sentence(
        "There is no server by the name in {address}. Correct LLM_HOST in settings.py.",
        "{address} という名前のサーバーが見つかりません。settings.py の LLM_HOST を直してください。",
    ),
    ErrorKind.NOT_SECURE: Sentence(
        "No secure connection to the LLM server at {address} ({error}). Check LLM_HOST in settings.py (http:// or "
        "https://?) and the server's certificate.",
        "LLM サーバー ({address}) に安全に接続できません ({error})。"
        "settings.py の LLM_HOST (http:// か https:// か) と、サーバーの証明書を確認してください。",
    ),
    ErrorKind.NOT_THE_API: Sentence(
        'At {address}, something answers that has not the API of LLM_API = "{api}". Check LLM_HOST, LLM_PORT and '
        "LLM_API in settings.py.",
        '{address} の応答は、LLM_API = "{api}" の API のものではありません。'
        "settings.py の LLM_HOST、LLM_PORT、LLM_API を確認してください。",
    ),
    ErrorKind.MODEL_MISSING: Sentence(
        "The LLM server says that it does not have the model {model}. Check LLM_MODEL in settings.py.",
        "LLM サーバーによると、モデル {model} がありません。settings.py の LLM_MODEL を確認してください。",
    ),
    ErrorKind.KEY_REFUSED: Sentence(
        "The LLM server refuses the API key. Check LLM_API_KEY in settings.py, and what the key may be used for.",
        "LLM サーバーが API キーを受け付けません。"
        "settings.py の LLM_API_KEY と、そのキーで使える範囲を確認してください。",
    ),
    ErrorKind.BUSY: Sentence(
        "The LLM server is too busy right now. Try again in a minute; if it stays so, look at your account with the "
        "provider.",
        "LLM サーバーが混み合っています。1 分ほど待ってやり直してください。"
        "続くときは、提供元でのアカウントの状態を確認してください。",
    ),
    ErrorKind.REQUEST_REFUSED: Sentence(
        "The LLM server refuses the question ({error}). Often another model helps: LLM_MODEL in settings.py.",
        "LLM サーバーが質問を拒否しました ({error})。"
        "settings.py の LLM_MODEL を別のモデルに変えると直ることがあります。",
    ),
    ErrorKind.SERVER_ERROR: Sentence(
        "The LLM server reports an error ({error}). Try again; if it stays so, look at the server's own log, or take a "
        "smaller model.",
        "LLM サーバーでエラーが起きました ({error})。もう一度試し、続くときは、サーバーのログを見るか、"
        "小さいモデルに変えてください。",
    ),
    ErrorKind.SILENT: Sentence(
        "The LLM server at {address} is silent for too long. Try again; if loading the model takes that long, raise "
        "LLM_READ_TIMEOUT in settings.py.",
        "LLM サーバー ({address}) から長い間応答がありません。もう一度試し、モデルの読み込みに時間がかかるのであれば、"
        "settings.py の LLM_READ_TIMEOUT を大きくしてください。",
    ),
    ErrorKind.CUT_OFF: Sentence(
        "The connection to the LLM server at {address} breaks off. Try again; if it stays so, look at the server's own "
        "log, and check LLM_HOST (http:// or https://?) and LLM_PORT.",
        "LLM サーバー ({address}) との接続が切れます。もう一度試し、続くときは、サーバーのログと、"
        "settings.py の LLM_HOST (http:// か https:// か) と LLM_PORT を確認してください。",
    ),
}
"""What else is wrong is said as it is in the channel."""
CHECK_TOKEN = Sentence("Discord takes the TOKEN: the bot is {bot}.", "TOKEN は有効です。ボットの名前は {bot} です。")
CHECK_NO_DISCORD = Sentence(
    "Discord can't be reached, or answers with an error ({error}). Check the internet connection and "
    "https://discordstatus.com, then try again.",
    "Discord に接続できないか、エラーが返ってきました ({error})。インターネット接続と https://discordstatus.com を"
    "確認してから、やり直してください。",
)
CHECK_INTENT = Sentence("Message Content Intent is switched on.", "Message Content Intent はオンになっています。")
CHECK_SERVER = Sentence("The bot is in: {servers}", "ボットが参加している Discord サーバー: {servers}")
CHECK_CHANNEL = Sentence("It finds the channel #{channel} of {server}.", "{server} に #{channel} があります。")
CHECK_RIGHT = Sentence("In #{channel} it has the right: {right}", "#{channel} での権限があります: {right}")
CHECKS: Dict[str, Sentence] = {
    "llm_address": Sentence("LLM server", "LLM サーバー"),
    "llm_api": Sentence("API of the LLM server", "LLM サーバーの API"),
    "llm_model": Sentence("Model", "モデル"),
    "llm_answer": Sentence("Answer of the model", "モデルの答え"),
    "discord_token": Sentence("Discord token", "Discord のトークン"),
    "message_content_intent": Sentence("Message Content Intent", "Message Content Intent"),
    "discord_server": Sentence("Discord server", "Discord サーバー"),
    "channel": Sentence("Channel", "チャンネル"),
    "right": Sentence("Rights in the channel", "チャンネルでの権限"),
}
"""What is looked at, by its name in the JSON."""


def may_be_note(text: str) -> bool:
    """Whether a text looks like a note of the bot's, all of it or its beginning."""
    return text[:1] in _SIGNS or is_own(text) if text else False


def is_own(line: str) -> bool:
    """Whether a line in the channel is one that the bot itself says, in one of its languages, small or not."""
    text = line[len(_SMALL) :] if line.startswith(_SMALL) else line
    return any(_could_say(parts, text) for parts in _own_lines())


_SMALL = "-# "
_TELLING_CHARS = 20
_SIGNS = "⚠⏳💭⏹🖼📎ℹ"
_ELSEWHERE = ("SETTING", "START", "COMMAND", "CHECK", "PACKAGES")
"""Beginnings of the names of sentences that are said elsewhere than in a message."""


@functools.lru_cache(maxsize=None)
def _own_lines() -> Sequence[Sequence[str]]:
    """Each line that can be said in the channel, as the texts between its {names}."""
    said = [
        value for name, value in globals().items() if isinstance(value, Sentence) and not name.startswith(_ELSEWHERE)
    ]
    lines = {line for one in [*said, *LLM_ERRORS.values()] for text in one for line in text.split("\n")}
    # An LLM too may say a word or two that is said somewhere here.
    telling = [line for line in lines if len(line) >= _TELLING_CHARS or line[:1] in _SIGNS]
    return [re.split(r"\{\w+\}", line) for line in telling if line]


def _could_say(parts: Sequence[str], line: str) -> bool:
    """Whether the line has these texts, with anything between them. No regular expression: it could take minutes."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return line == first
    at, end = len(first), len(line) - len(last)
    if at > end or not line.startswith(first) or not line.endswith(last):
        return False
    for part in parts[1:-1]:
        at = line.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return True
