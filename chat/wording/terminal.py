"""What the operator reads at the terminal: at the start, and from --check."""

from __future__ import annotations

from typing import Dict

from chat.wording.sentence import Sentence

START_PACKAGES = Sentence(
    "Packages that the bot needs are missing from this Python, or too old: {packages}. {what}",
    "ボットに必要なライブラリがこの Python にないか、古すぎます: {packages}。{what}",
)
PACKAGES_INSTALL = Sentence(
    "Type: {python} -m pip install -r requirements.txt (for details, see step 2 of README.md).",
    "次のように入力してください: {python} -m pip install -r requirements.txt (詳しくは README.ja.md の手順 2)。",
)
PACKAGES_IN_VENV = Sentence(
    "Start the bot with the Python in the folder .venv: .venv/bin/python3 chatbot.py (Windows: .venv\\Scripts\\python "
    "chatbot.py). If that says the same, type this first: .venv/bin/python3 -m pip install -r requirements.txt",
    "フォルダー .venv の Python で起動してください: .venv/bin/python3 chatbot.py "
    "(Windows では .venv\\Scripts\\python chatbot.py)。それでも同じ表示なら、先に次のように入力してください: "
    ".venv/bin/python3 -m pip install -r requirements.txt",
)
START_WRONG_TOKEN = Sentence(
    "Discord refused the TOKEN in settings.py. Open https://discord.com/developers/applications, choose your "
    'application, then "Bot" → "Reset Token", and copy the new token into settings.py.',
    "settings.py の TOKEN が Discord に拒否されました。https://discord.com/developers/applications "
    "でアプリケーションを選び、「Bot」→「Reset Token」で新しいトークンを作り、settings.py に貼り付けてください。",
)
START_INTENT_OFF = Sentence(
    "The bot is not allowed to read messages yet. Open https://discord.com/developers/applications, choose your "
    'application, then "Bot" → "Privileged Gateway Intents", switch on "Message Content Intent", click "Save '
    'Changes" and start the bot again.',
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
    "The bot is not in any Discord server yet. Open this link to invite it: {invite}",
    "ボットはまだどの Discord サーバーにも参加していません。次のリンクを開いて招待してください: {invite}",
)
START_NO_CHANNEL = Sentence(
    "The bot can't find a channel with the ID {id} (CHATBOT_CH_ID). Switch on Developer Mode in Discord (User "
    "Settings → Advanced), right-click the channel → Copy Channel ID, and put it into settings.py. If the channel "
    "is in a server that the bot has not joined, invite it: {invite}",
    "ID {id} (CHATBOT_CH_ID) のチャンネルが見つかりません。Discord の「ユーザー設定」→「詳細設定」で「開発者モード」を"
    "オンにし、チャンネルを右クリックして「チャンネルIDをコピー」を選び、settings.py に貼り付けてください。"
    "ボットが参加していないサーバーのチャンネルなら、招待してください: {invite}",
)
START_CATEGORY = Sentence(
    "{channel} (ID {id}, CHATBOT_CH_ID) is a category, not a channel. Copy the ID of a text channel under it.",
    "{channel} (ID {id}、CHATBOT_CH_ID) はチャンネルではなくカテゴリーです。その下のテキストチャンネルの ID を"
    "コピーしてください。",
)
START_RIGHTS = Sentence(
    "The bot lacks permissions in #{channel} of {server}: {rights}. Click the gear beside the channel's name → "
    "Permissions, add the bot's role, and allow them.",
    "{server} の #{channel} でボットの権限が足りません: {rights}。"
    "チャンネル名の横の歯車 →「権限」でボットのロールを追加し、許可してください。",
)
RIGHTS: Dict[str, Sentence] = {
    "view_channel": Sentence("View Channel", "チャンネルを見る"),
    "read_messages": Sentence("View Channel", "チャンネルを見る"),
    "send_messages": Sentence("Send Messages", "メッセージを送信"),
    "send_messages_in_threads": Sentence("Send Messages in Threads", "スレッドでメッセージを送信"),
    "attach_files": Sentence("Attach Files", "ファイルを添付"),
    "read_message_history": Sentence("Read Message History", "メッセージ履歴を読む"),
}
"""Discord's name of each permission in a channel's settings, by discord.py's."""

# --- chatbot.py --check -----------------------------------------------------------------------------------------------

CHECK_SKIPPED = Sentence(
    "{what}: not checked, because of the problem above.", "{what}: 上の問題が直るまで確認できません。"
)
CHECK_PYTHON = Sentence("Python {version} is recent enough.", "Python {version} は十分に新しい版です。")
CHECK_PYTHON_OLD = Sentence(
    "Python {version} is too old. Install Python 3.8 or later (https://www.python.org/downloads/), then do step 2 of "
    "README.md again.",
    "Python {version} は古すぎます。Python 3.8 以降をインストールし (https://www.python.org/downloads/)、"
    "README.ja.md の手順 2 をやり直してください。",
)
CHECK_PACKAGE = Sentence("{package} {found} is installed.", "{package} {found} がインストールされています。")
CHECK_PACKAGE_MISSING = Sentence("{package} is missing. {what}", "{package} がインストールされていません。{what}")
CHECK_PACKAGE_OLD = Sentence(
    "{package} {found} is too old: the bot needs {wanted}. {what}",
    "{package} {found} は古すぎます。ボットには {wanted} が必要です。{what}",
)
CHECK_PACKAGE_NEW = Sentence(
    "{package} {found} is newer than the versions that the bot supports ({wanted}). {what}",
    "{package} {found} は、ボットが対応している版 ({wanted}) より新しい版です。{what}",
)
CHECK_SETTINGS = Sentence("{file} is complete and valid.", "{file} の設定に問題はありません。")
CHECK_LLM_ADDRESS = Sentence("The LLM server at {address} can be reached.", "LLM サーバー ({address}) に接続できます。")
CHECK_LLM_API = Sentence(
    'It has the API of LLM_API = "{api}".', 'LLM サーバーの API は LLM_API ("{api}") のとおりです。'
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
    "The LLM server ended the answer without saying that it was complete. Look at the server's own log, and at a "
    "proxy if there is one in between.",
    "LLM サーバーが、完了を知らせずに答えの送信を終えました。"
    "サーバーのログと、間にプロキシがあればその設定を確認してください。",
)
CHECK_LLM_UNREACHABLE = Sentence(
    "The LLM server at {address} can't be reached. Start it (Ollama: ollama serve), or correct LLM_HOST and "
    "LLM_PORT in settings.py.",
    "LLM サーバー ({address}) に接続できません。サーバーを起動するか (Ollama では ollama serve)、"
    "settings.py の LLM_HOST と LLM_PORT を直してください。",
)
CHECK_LLM_NAME_UNKNOWN = Sentence(
    "The server's name in {address} can't be found. Correct LLM_HOST in settings.py.",
    "{address} という名前のサーバーが見つかりません。settings.py の LLM_HOST を直してください。",
)
CHECK_LLM_NOT_SECURE = Sentence(
    "No secure connection to the LLM server at {address} ({error}). Check LLM_HOST in settings.py (http:// or "
    "https://?) and the server's certificate.",
    "LLM サーバー ({address}) に安全に接続できません ({error})。"
    "settings.py の LLM_HOST (http:// か https:// か) と、サーバーの証明書を確認してください。",
)
CHECK_LLM_NOT_THE_API = Sentence(
    'What answers at {address} does not have the API of LLM_API = "{api}". Check LLM_HOST, LLM_PORT and LLM_API in '
    "settings.py.",
    '{address} の応答は、LLM_API = "{api}" の API のものではありません。'
    "settings.py の LLM_HOST、LLM_PORT、LLM_API を確認してください。",
)
CHECK_LLM_MODEL_MISSING = Sentence(
    "The LLM server says that it does not have the model {model}. Check LLM_MODEL in settings.py.",
    "LLM サーバーによると、モデル {model} がありません。settings.py の LLM_MODEL を確認してください。",
)
CHECK_LLM_KEY_REFUSED = Sentence(
    "The LLM server refused the API key. Check LLM_API_KEY in settings.py, and what the key may be used for.",
    "LLM サーバーが API キーを受け付けません。settings.py の LLM_API_KEY と、そのキーで使える範囲を確認してください。",
)
CHECK_LLM_BUSY = Sentence(
    "The LLM server is too busy right now. Try again in a minute; if it continues, look at your account with the "
    "provider.",
    "LLM サーバーが混み合っています。1 分ほど待ってやり直してください。"
    "続くときは、提供元でのアカウントの状態を確認してください。",
)
CHECK_LLM_REQUEST_REFUSED = Sentence(
    "The LLM server refused the question ({error}). Often another model helps: LLM_MODEL in settings.py.",
    "LLM サーバーが質問を拒否しました ({error})。settings.py の LLM_MODEL を別のモデルに変えると直ることがあります。",
)
CHECK_LLM_SERVER_ERROR = Sentence(
    "The LLM server reported an error ({error}). Try again; if it continues, look at the server's own log, or "
    "choose a smaller model.",
    "LLM サーバーでエラーが起きました ({error})。もう一度試し、続くときは、サーバーのログを見るか、"
    "小さいモデルに変えてください。",
)
CHECK_LLM_SILENT = Sentence(
    "The LLM server at {address} was silent for too long. Try again; if loading the model takes that long, raise "
    "LLM_READ_TIMEOUT in settings.py.",
    "LLM サーバー ({address}) から長い間応答がありません。もう一度試し、モデルの読み込みに時間がかかるのであれば、"
    "settings.py の LLM_READ_TIMEOUT を大きくしてください。",
)
CHECK_LLM_CUT_OFF = Sentence(
    "The connection to the LLM server at {address} was lost. Try again; if it continues, look at the server's own "
    "log, and check LLM_HOST (http:// or https://?) and LLM_PORT.",
    "LLM サーバー ({address}) との接続が切れます。もう一度試し、続くときは、サーバーのログと、"
    "settings.py の LLM_HOST (http:// か https:// か) と LLM_PORT を確認してください。",
)
CHECK_TOKEN = Sentence("Discord accepts the TOKEN: the bot is {bot}.", "TOKEN は有効です。ボットの名前は {bot} です。")
CHECK_NO_DISCORD = Sentence(
    "Discord can't be reached, or answered with an error ({error}). Check the internet connection and "
    "https://discordstatus.com, then try again.",
    "Discord に接続できないか、エラーが返ってきました ({error})。インターネット接続と https://discordstatus.com を"
    "確認してから、やり直してください。",
)
CHECK_INTENT = Sentence("Message Content Intent is switched on.", "Message Content Intent はオンになっています。")
CHECK_SERVER = Sentence("The bot is in: {servers}", "ボットが参加している Discord サーバー: {servers}")
CHECK_CHANNEL = Sentence("The bot finds the channel #{channel} of {server}.", "{server} に #{channel} があります。")
CHECK_RIGHT = Sentence("In #{channel} it has the permission: {right}", "#{channel} での権限があります: {right}")
CHECKS: Dict[str, Sentence] = {
    "llm_address": Sentence("LLM server", "LLM サーバー"),
    "llm_api": Sentence("API of the LLM server", "LLM サーバーの API"),
    "llm_model": Sentence("Model", "モデル"),
    "llm_answer": Sentence("Answer of the model", "モデルの答え"),
    "discord_token": Sentence("Discord token", "Discord のトークン"),
    "message_content_intent": Sentence("Message Content Intent", "Message Content Intent"),
    "discord_server": Sentence("Discord server", "Discord サーバー"),
    "channel": Sentence("Channel", "チャンネル"),
    "right": Sentence("Permissions in the channel", "チャンネルでの権限"),
}
"""The checks, by their names in the JSON."""
