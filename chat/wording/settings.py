"""What the operator reads at the terminal about what is wrong in settings.py."""

from __future__ import annotations

from chat.wording.sentence import Sentence

# The file itself. {file} is its name, {folder} where it must be.
SETTINGS_FILE_MISSING = Sentence(
    "There is no {file} in {folder}. Copy the sample in "
    "that folder, then fill it in: cp settings.py.sample {file} (Windows: copy settings.py.sample {file}). To try the "
    "bot first without any account: make demo (without make: python -m demo in the virtual environment, see README.md)",
    "{folder} に {file} がありません。このフォルダーで見本をコピーしてから、中身を書き込んでください: cp "
    "settings.py.sample {file} (Windows では copy settings.py.sample {file})。アカウントなしで先に試すこともできます: "
    "make demo (make がなければ、仮想環境で python -m demo。README.ja.md を参照)",
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
    "Other users of this computer can read {file}, which holds the bot's token. Type: chmod 600 {file}",
    "{file} にはボットのトークンが入っていますが、このコンピューターのほかのユーザーも読める状態です。"
    "次のように入力してください: chmod 600 {file}",
)

# Python's errors. {setting} is " (NAME)" or empty; the line itself is not shown, as it may hold a secret.
SETTINGS_SYNTAX = Sentence(
    "{file}, line {line}{setting}: Python does not understand this line ({hint})",
    "{file} の {line} 行目{setting}: Python として読めない行です ({hint})",
)
SETTINGS_HINT_INDENTED = Sentence(
    "remove the spaces at the beginning of the line", "行の先頭の空白を取り除いてください"
)
SETTINGS_HINT_QUOTE_MARKS = Sentence(
    'it has quotes like “ ” or ‘ ’: replace them with straight quotes " "',
    '“ ” や ‘ ’、「 」 のような引用符が使われています。半角の " " に置き換えてください',
)
SETTINGS_HINT_FULL_WIDTH = Sentence(
    "it has full-width characters: type letters, digits, symbols and spaces in half width",
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
    "{file}, line {line}{setting}: Python does not know a word in this line ({hint})",
    "{file} の {line} 行目{setting}: Python の知らない名前が使われています ({hint})",
)
SETTINGS_RUN_ERROR = Sentence(
    "{file}, line {line}{setting}: Python can't run this line ({error}). "
    "Correct it, or compare it with settings.py.sample.",
    "{file} の {line} 行目{setting}: Python がこの行を実行できません ({error})。"
    "settings.py.sample と見比べて直してください。",
)

# Names
SETTING_MISSING = Sentence(
    "{name} is missing. Add a line that begins with {name} = ; settings.py.sample shows how.",
    "{name} がありません。settings.py.sample を参考に、{name} = で始まる行を書き足してください。",
)
SETTING_UNKNOWN = Sentence(
    "There is no setting {name}. Remove it, or, if it is a variable of your own, write its name in small letters.",
    "{name} という設定はありません。削除してください。ご自分用の変数であれば、名前を小文字にしてください。",
)
SETTING_UNKNOWN_NEAR = Sentence(
    "There is no setting {name}. Did you mean {nearest}? Then write {nearest}.",
    "{name} という設定はありません。{nearest} のことでしたら、{nearest} と書いてください。",
)

# Values. {found} is the value in settings.py: a number, a text with its quotes, or one of SETTING_FOUND_….
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
    "{name} must be a number between {low} and {high}; it is {found}.",
    "{name} には {low} から {high} までの整数を書いてください。今の値は {found} です。",
)
SETTING_NUMBER_FROM = Sentence(
    "{name} must be a whole number, {low} or more; it is {found}.",
    "{name} には {low} 以上の整数を書いてください。今の値は {found} です。",
)
SETTING_SECONDS = Sentence(
    "{name} must be a number of seconds, more than 0 and at most {high}; it is {found}.",
    "{name} には秒数を、0 より大きく {high} 以下の数値で書いてください。今の値は {found} です。",
)
SETTING_SECONDS_OR_NONE = Sentence(
    "{name} must be a number of seconds between 0 and {high}; it is {found}.",
    "{name} には秒数を、0 以上 {high} 以下の数値で書いてください。今の値は {found} です。",
)
SETTING_CHOICE = Sentence(
    "{name} must be one of {choices}; it is {found}.",
    "{name} には {choices} のどれかを書いてください。今の値は {found} です。",
)

SETTING_SWITCH = Sentence(
    "{name} must be True or False; it is {found}.",
    "{name} には True か False を書いてください。今の値は {found} です。",
)
SETTING_THINK = Sentence(
    '{name} must be True, False or "auto"; it is {found}.',
    '{name} には True、False、"auto" のどれかを書いてください。今の値は {found} です。',
)

# TOKEN, LLM_API_KEY
SETTING_TOKEN_PLACEHOLDER = Sentence(
    "{name} still has the sample's text. Replace it with your bot's token: "
    "https://discord.com/developers/applications → your application → Bot → Reset Token.",
    "{name} が見本のままです。ボットのトークンを書き込んでください: "
    "https://discord.com/developers/applications → 自分のアプリケーション →「Bot」→「Reset Token」で表示されます。",
)
SETTING_TOKEN_CHARACTERS = Sentence(
    "{name} has a space or another character that no token has. Copy the whole token again, and nothing else: "
    "https://discord.com/developers/applications → your application → Bot → Reset Token.",
    "{name} に空白など、トークンにはない文字が入っています。トークンだけをもう一度コピーしてください: "
    "https://discord.com/developers/applications → 自分のアプリケーション →「Bot」→「Reset Token」で表示されます。",
)
SETTING_KEY_CHARACTERS = Sentence(
    "{name} has a line break or a character that no key has. Only ASCII letters, digits and symbols can be sent: "
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
    "{name} still has the sample's number. Replace it with your channel's ID: {how}.",
    "{name} が見本の番号のままです。お使いのチャンネルの ID を書き込んでください: {how}。",
)
SETTING_CHANNEL_NOT_ID = Sentence(
    "{name} must be a channel's ID, a number of 15 to 20 digits, or a list of them; it is {found}. To get it: {how}.",
    "{name} にはチャンネルの ID (15〜20 桁の数字) か、そのリストを書いてください。今の値は {found} です。"
    "ID の調べ方: {how}。",
)
SETTING_CHANNEL_NONE = Sentence(
    "{name} is an empty list. Add the ID of at least one channel: {how}.",
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
    "{name} has the port in it. Write the two separately: {name} = {host} and LLM_PORT = {port}",
    "{name} にポート番号が入っています。2 つに分けて書いてください: {name} = {host} と LLM_PORT = {port}",
)
SETTING_HOST_SCHEME = Sentence(
    "{name} must begin with http:// or https:// if it is a URL; it is {found}.",
    "{name} に URL を書くときは http:// か https:// で始めてください。今の値は {found} です。",
)
SETTING_HOST_BAD_PORT = Sentence(
    "{name} has a port that is not a number between 1 and 65535; it is {found}.",
    "{name} の中のポート番号は 1 から 65535 までの整数にしてください。今の値は {found} です。",
)
SETTING_HOST_WITH_PASSWORD = Sentence(
    "{name} has a user name or password (the part before @). Remove it, and put the server's key in LLM_API_KEY.",
    "{name} にユーザー名かパスワード (@ の前の部分) が入っています。それを取り除き、"
    "サーバーのキーは LLM_API_KEY に書いてください。",
)
SETTING_HOST_WITH_QUERY = Sentence(
    "{name} has a part that begins with ? or #. Remove it; a key goes in LLM_API_KEY.",
    "{name} に ? か # で始まる部分があります。取り除いてください。キーは LLM_API_KEY に書きます。",
)
SETTING_HOST_IS_OPENAI = Sentence(
    '{name} ends with {path}, as for an OpenAI-compatible server. Add LLM_API = "openai", or remove {path} for Ollama.',
    "{name} が OpenAI 互換サーバーのように {path} で終わっています。"
    'LLM_API = "openai" を書き足すか、Ollama を使うときは {path} を取り除いてください。',
)

# COMMAND_PREFIX
SETTING_PREFIX_LENGTH = Sentence(
    "{name} must be 1 to 10 visible characters without spaces; it is {found}.",
    "{name} には空白を含まない 1〜10 文字を書いてください。今の値は {found} です。",
)
SETTING_PREFIX_SLASH = Sentence(
    '{name} must not begin with "/": Discord keeps that for its own command menu. You can use "!".',
    '{name} を "/" で始めることはできません。Discord がコマンドのメニューに使うためです。"!" などにしてください。',
)
SETTING_PREFIX_MENTION = Sentence(
    '{name} must not begin with "@" or "<": Discord turns such text into mentions and emoji. You can use "!".',
    '{name} を "@" や "<" で始めることはできません。Discord がメンションや絵文字として扱うためです。'
    '"!" などにしてください。',
)
