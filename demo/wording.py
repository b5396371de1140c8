"""What the demo says and shows at the terminal, in English and Japanese."""

from __future__ import annotations

import re
import sys
from typing import Dict

from chat.llm.errors import ErrorKind
from chat.wording.sentence import Language, Sentence

_LEVEL = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (\w+)")
"""How the bot begins a log line, see chat/bot/log.py."""


class Terminal:
    """Says the demo's sentences, and shows what its programs write as far as a person should see it."""

    def __init__(self, language: Language, *, verbose: bool) -> None:
        self.language = language
        self._verbose = verbose
        self._in_warning = True  # lines before the first log line are unusual, and so shown

    def say(self, sentence: Sentence, **values: object) -> None:
        """Print a sentence."""
        self.show(sentence.say(self.language, **values))

    def show(self, text: str) -> None:
        """Print a text as it is."""
        print(text, flush=True)

    def complain(self, text: str) -> None:
        """Print on standard error why the demo ends."""
        print(f"\n{text}", file=sys.stderr, flush=True)

    def show_bot_line(self, line: str) -> None:
        """Print a line of the bot's if it belongs to a warning or error, or with --verbose."""
        level = _LEVEL.match(line)
        if level:
            self._in_warning = level[1] not in ("DEBUG", "INFO")
        if self._in_warning or self._verbose:
            self.show(f"bot   | {line}")

    def show_model_line(self, line: str) -> None:
        """Print a line of the model's with --verbose."""
        if self._verbose:
            self.show(f"model | {line}")


# --- At the start ----------------------------------------------------------------------------------------------------

INSTALLING = Sentence(
    "Installing the model and its server with pip (about 130 MB, only this once) …",
    "モデルとそのサーバーを pip でインストールしています (約 130 MB、初回のみ)…",
)
MODEL_STARTING = Sentence("1/5  The model {model}: loading …", "1/5  モデル {model} を読み込んでいます…")
MODEL_READY = Sentence("     ready after {seconds:.1f} s", "     {seconds:.1f} 秒で準備できました")
SERVER_ASKING = Sentence(
    "1/5  The LLM server {address} with the model {model}: asking …",
    "1/5  LLM サーバー {address} とモデル {model} を確認しています…",
)
SERVER_READY = Sentence("     it answers, and has the model", "     応答があり、モデルも揃っています")
TAP_READY = Sentence(
    "2/5  A counter between the bot and the model, at {url}",
    "2/5  ボットとモデルの間のカウンター: {url}",
)
DISCORD_READY = Sentence("3/5  A Discord on this machine, at {url}", "3/5  このコンピューターの中の Discord: {url}")
BOT_STARTING = Sentence("4/5  The bot, chatbot.py: logging in …", "4/5  ボット chatbot.py がログインしています…")
BOT_READY = Sentence("     ready after {seconds:.1f} s", "     {seconds:.1f} 秒で準備できました")
PORT_TAKEN = Sentence(
    "     Port {port} is in use or not allowed, so the page gets another one.",
    "     ポート {port} は使用中か許可されていないため、別のポートを使います。",
)
PAGE_READY = Sentence(
    "5/5  The page. Open it in a browser, in several windows for several people:",
    "5/5  ページの準備ができました。ブラウザーで開いてください (複数のウィンドウを開くと、それぞれ別の人になります):",
)
HOW_TO_END = Sentence("Ctrl-C ends everything.", "Ctrl-C ですべて終了します。")
ENDING = Sentence("Ending …", "終了しています…")

# --- When it can't run -----------------------------------------------------------------------------------------------

OWN_SERVER = Sentence(
    "To use an LLM server of your own instead, Ollama or an OpenAI-compatible one:\n"
    "    {python} -m demo --ollama gemma:2b\n"
    "    {python} -m demo --openai URL --model NAME",
    "代わりにお手元の LLM サーバー (Ollama か OpenAI 互換) を使うこともできます:\n"
    "    {python} -m demo --ollama gemma:2b\n"
    "    {python} -m demo --openai URL --model NAME",
)
PACKAGES_MISSING = Sentence(
    "The bot's packages are not installed for this Python. Install them, then start the demo again:\n{commands}",
    "この Python にはボットの使うパッケージがインストールされていません。"
    "次のコマンドでインストールしてから、もう一度始めてください:\n{commands}",
)
NO_VENV = Sentence(
    "The demo's model is not installed. It is installed by itself only in a virtual environment, and this Python is in "
    "none. Make one, then start the demo in it:\n{commands}",
    "デモ用のモデルがインストールされていません。自動でインストールするのは仮想環境の中だけで、"
    "この Python は仮想環境の外にあります。次のコマンドで仮想環境を作り、その中で始めてください:\n{commands}",
)
PYTHON_TOO_OLD = Sentence(
    "The demo's model needs Python 3.10 or later, and this is Python {version}.",
    "デモ用のモデルには Python 3.10 以降が必要ですが、これは Python {version} です。",
)
NOT_INSTALLED = Sentence(
    "The demo's model could not be installed: the lines above say why. Perhaps there is no build of it for this "
    "Python {version} on this system, or no internet connection.",
    "デモ用のモデルをインストールできませんでした。理由は上の行にあります。"
    "この環境の Python {version} に合うものがないか、インターネットに接続できないのかもしれません。",
)
MODEL_ENDED = Sentence(
    "The demo's model ended by itself (exit status {status}). Its last lines:\n{lines}",
    "デモ用のモデルが終了してしまいました (終了ステータス {status})。最後の出力:\n{lines}",
)
MODEL_NEEDS_LIBGOMP = Sentence(
    "It needs a system library. On Debian or Ubuntu: sudo apt install libgomp1",
    "システムのライブラリーが足りません。Debian や Ubuntu では: sudo apt install libgomp1",
)
BOT_ENDED = Sentence(
    "The bot ended by itself (exit status {status}). Its last lines:\n{lines}",
    "ボットが終了してしまいました (終了ステータス {status})。最後の出力:\n{lines}",
)
NOT_READY = Sentence(
    "{program} was not ready within {seconds} s. Its last lines:\n{lines}",
    "{program} の準備が {seconds} 秒以内に終わりませんでした。最後の出力:\n{lines}",
)
SERVER_FAILED = Sentence(
    "The LLM server {address}, model {model}: {says} ({detail})",
    "LLM サーバー {address}、モデル {model}: {says} ({detail})",
)

# --- The person's own LLM server; {option} is where its address comes from -------------------------------------------

ADDRESS_WRONG = Sentence(
    "The address of {option} can't be used. It must be like {example}: beginning with http:// or https://, with a port "
    "of 1 to 65535 if any, and without a user name, a password, ? or #. One that ends with /v1 is for --openai.",
    "{option} のアドレスは使えません。{example} のように http:// か https:// で始まり、ポートは 1〜65535 で、"
    "ユーザー名・パスワード・?・# を含まないものを指定してください。/v1 で終わるものは --openai で使います。",
)
MODEL_NAME_WRONG = Sentence(
    "The model's name is empty, or has an invisible character in it: give it after {option}.",
    "モデルの名前が空か、目に見えない文字が入っています。{option} の後に書いてください。",
)
KEY_WRONG = Sentence(
    "The environment variable LLM_API_KEY has a character in it that no key has. Copy the key again.",
    "環境変数 LLM_API_KEY に、キーには使えない文字が入っています。キーをもう一度コピーしてください。",
)
OLLAMA_HAS_NO_MODEL = Sentence(
    "it does not have this model. Get it with `ollama pull {model}`, or name another one after --ollama.",
    "このモデルがありません。`ollama pull {model}` で入手するか、--ollama の後に別のモデルを指定してください。",
)
SERVER_HAS_NO_MODEL = Sentence(
    "it does not have this model. Name another one after --model.",
    "このモデルがありません。--model の後に別のモデルを指定してください。",
)
SERVER_ERRORS: Dict[ErrorKind, Sentence] = {
    ErrorKind.UNREACHABLE: Sentence(
        "it can't be reached. Is it running? Its address comes from {option}.",
        "接続できません。起動しているか、{option} のアドレスが正しいかを確認してください。",
    ),
    ErrorKind.NAME_UNKNOWN: Sentence(
        "there is no computer of that name. Check the address of {option}.",
        "その名前のコンピューターが見つかりません。{option} のアドレスを確認してください。",
    ),
    ErrorKind.NOT_SECURE: Sentence(
        "its certificate was refused. Check the address of {option}, and the server's certificate.",
        "証明書が受け入れられませんでした。{option} のアドレスとサーバーの証明書を確認してください。",
    ),
    ErrorKind.NOT_THE_API: Sentence(
        "something else than the expected LLM server answers there. Check the address of {option}; --ollama is for "
        "Ollama, --openai for OpenAI-compatible servers.",
        "想定した LLM サーバーではない応答が返ってきました。{option} のアドレスを確認してください。"
        "Ollama には --ollama を、OpenAI 互換サーバーには --openai を使います。",
    ),
    ErrorKind.KEY_REFUSED: Sentence(
        "it wants an API key, or refused the one it got. With --openai URL, it is taken from the environment variable "
        "LLM_API_KEY.",
        "API キーが必要か、渡したキーが受け付けられませんでした。"
        "--openai URL では環境変数 LLM_API_KEY のキーを使います。",
    ),
    ErrorKind.BUSY: Sentence(
        "it is too busy right now. Start the demo again in a minute.",
        "混み合っています。1 分ほど待ってから、もう一度始めてください。",
    ),
}
SERVER_ERROR_OTHER = Sentence(
    "it did not answer as it should. Look at what it logs, check the address of {option}, and start the demo again.",
    "正しい応答がありませんでした。サーバーのログと {option} のアドレスを確認してから、もう一度始めてください。",
)
"""For all others."""
