"""What people read in Discord: in the channel, and in the menu of commands."""

from __future__ import annotations

from chat.wording.sentence import Sentence

USAGE = Sentence(
    "Write your question after the command, like this: `{prefix}chat Hello! How are you?`",
    "コマンドの後に質問を書いてください。例: `{prefix}chat こんにちは！`",
)
WRONG_CHANNEL = Sentence(
    "I answer in {channels}. Please ask me there.", "私がお答えするのは {channels} です。そちらで質問してください。"
)
NOT_ALLOWED = Sentence(
    "Only people with certain roles may ask me. Please ask an administrator of this server for such a role.",
    "質問できるのは、決められたロールを持つ方だけです。ロールについては、サーバーの管理者にお尋ねください。",
)
BLOCKED = Sentence(
    "The bot's operator has blocked you from asking me. If you think that this is a mistake, please tell them.",
    "ボットの管理者の設定により、あなたの質問にはお答えできません。"
    "間違いだと思われる場合は、管理者にお知らせください。",
)
TOO_MANY = Sentence(
    "⏳ You already have {most} answers running, the limit per person. Wait for one to end, or stop it with "
    "`{prefix}stop`.",
    "⏳ 1 人が同時に受け取れる答えの数の上限 ({most}) に達しています。"
    "どれかが終わるまで待つか、`{prefix}stop` で止めてください。",
)
TOO_SOON = Sentence(
    "⏳ Please wait {seconds} s before your next question.", "⏳ 次の質問まで、あと {seconds} 秒お待ちください。"
)
NOTICE = Sentence("⏳ Waiting for the model …", "⏳ モデルの返答を待っています…")
THINKING = Sentence("💭 The model is thinking … (asked {since})", "💭 モデルが考えています… ({since}の質問)")
IN_LINE = Sentence("⏳ Number {place} in line …", "⏳ 順番を待っています… ({place} 番目)")
FULL = Sentence(
    "⏳ Too many people are asking right now. Please ask again in a few minutes.",
    "⏳ 質問が混み合っています。数分待ってから、もう一度質問してください。",
)
GOES_ON = Sentence(
    "The answer continues. When it ends, the whole answer will be attached here as a file.",
    "答えはまだ続いています。終わったら、全文をここにファイルで添付します。",
)
IN_FILE = Sentence(
    "The answer is longer than the bot may write here. The whole answer is in the file {file}.",
    "答えがここに書ける長さを超えました。全文はファイル {file} にあります。",
)
THOUGHTS_IN_FILE = Sentence("The model's thoughts are in the file {file}.", "考えた内容はファイル {file} にあります。")
STILL_THINKING = Sentence(
    "⚠️ The model stopped while it was still thinking, so the answer is missing or incomplete. Please ask again, "
    "perhaps for something smaller.",
    "⚠️ モデルが考えている途中で終わったため、答えがないか、途中までです。"
    "質問を小さくするなどして、もう一度質問してみてください。",
)
LENGTH = Sentence(
    '⚠️ The model reached its own length limit, so the answer may be cut short. To continue, reply to it with "go on".',
    "⚠️ モデルの長さの上限に達したため、答えは途中までかもしれません。"
    "続きが必要なら、この答えに「続けて」と返信してください。",
)
TOO_LONG = Sentence(
    "⚠️ Stopped here: the model wrote more than {chars} characters. The bot's operator can raise MAX_ANSWER_CHARS "
    "in settings.py.",
    "⚠️ {chars} 文字を超えたため、ここで止めました。ボットの管理者が settings.py の MAX_ANSWER_CHARS を大きくできます。",
)
EMPTY = Sentence(
    "⚠️ The model gave an empty answer. Please ask again, perhaps in other words.",
    "⚠️ モデルの答えが空でした。言い方を変えて、もう一度質問してみてください。",
)
INCOMPLETE = Sentence(
    "⚠️ The answer may be incomplete: the LLM server stopped without saying that it was complete. Please ask again "
    "if something is missing.",
    "⚠️ 答えが途中で終わっているかもしれません。LLM サーバーが完了を知らせずに送信を終えました。"
    "足りない場合はもう一度質問してください。",
)
BROKEN_OFF = Sentence(
    "⚠️ Interrupted: the bot was stopped. Please ask again when it is back.",
    "⚠️ ボットが停止したため、ここで中断しました。再開したらもう一度質問してください。",
)

STOPPED = Sentence("⏹️ Stopped.", "⏹️ ここで停止しました。")
STOP_BUTTON = Sentence("Stop", "停止")
STOP_NOT_YOURS = Sentence(
    "Only the person who asked, or someone with the Manage Messages permission, can stop this answer.",
    "この答えを停止できるのは、質問した人とメッセージを管理できる人だけです。",
)
STOP_OVER = Sentence(
    "This answer has already ended. To continue, reply to it.",
    "この答えはもう書き込み中ではありません。続けるには、この答えに返信してください。",
)
STOP_NOTHING = Sentence(
    "None of your answers is running here. To stop another one, reply to it with `{prefix}stop`.",
    "ここで書き込み中のあなたへの答えはありません。"
    "ほかの答えを停止するには、その答えに `{prefix}stop` と返信してください。",
)
STOP_DONE = Sentence("Stopped.", "停止しました。")
MODEL_LIST = Sentence(
    "Models on the LLM server (● answers here):\n"
    "{models}\nPeople who may manage the server can switch the model of this channel: `{prefix}model NAME`",
    "LLM サーバーにあるモデル (● がここで使用中):\n{models}\n"
    "サーバーを管理できる人は、このチャンネルのモデルを切り替えられます: `{prefix}model 名前`",
)
MODEL_SWITCHED = Sentence(
    "From now on {model} answers in this channel, until the bot is restarted.",
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
    "`{prefix}chat Hello!` or `/chat` – ask me something. A message that mentions {bot} is a question too.\n"
    "**Reply** to my answer to continue the conversation. Reply to anybody's message with `{prefix}chat` or {bot}, "
    "and I see that message too. In a thread I see the whole thread.\n"
    "**Attach** a picture (if the model can see) or a text file to ask about it.\n"
    "**Stop** under a running answer, `{prefix}stop`, or deleting your question ends it.\n"
    "`{prefix}model` – the available models, and which one answers here.\n"
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
COMMAND_STOP = Sentence("Stop your answers that are running here", "ここで書き込み中の、自分への答えを止める")
COMMAND_MODEL = Sentence("Show the models, or switch the one that answers here", "モデルの一覧を見る、または切り替える")
COMMAND_MODEL_NAME = Sentence("The model to use in this channel", "このチャンネルで使うモデル")
COMMAND_HELP = Sentence("How to talk with this bot", "このボットとの話し方")
COMMANDS = (
    *(COMMAND_CHAT, COMMAND_CHAT_PROMPT, COMMAND_CHAT_FILE, COMMAND_STOP),
    *(COMMAND_MODEL, COMMAND_MODEL_NAME, COMMAND_HELP),
)

LEFT_OUT = Sentence(
    "The beginning of this conversation was left out: the conversation is longer than the bot's settings allow.",
    "会話が設定の上限より長いため、始めのほうは省きました。",
)

FILE_NOT_SEEN = Sentence(
    "🖼️ {file} was not sent: this model can't see pictures.",
    "🖼️ {file} は送られませんでした。このモデルは画像を見ることができません。",
)
FILE_TOO_MANY = Sentence(
    "🖼️ {file} was not sent: a question can have at most 4 pictures.",
    "🖼️ {file} は送られませんでした。1 回の質問で送れる画像は 4 枚までです。",
)
FILE_TOO_LARGE = Sentence(
    "📎 {file} was not sent: it is larger than 10 MiB.", "📎 {file} は送られませんでした。10 MiB を超えています。"
)
FILE_NO_TEXT = Sentence(
    "📎 {file} was not sent: only pictures (PNG, JPEG, WebP, GIF) and UTF-8 text files can be sent.",
    "📎 {file} は送られませんでした。送れるのは画像 (PNG、JPEG、WebP、GIF) と UTF-8 のテキストファイルだけです。",
)
FILE_UNREADABLE = Sentence(
    "📎 {file} was not sent: it could not be read from Discord. Please attach it again.",
    "📎 {file} は送られませんでした。Discord から読み込めませんでした。もう一度添付してください。",
)
FILE_CUT = Sentence(
    "📎 {file} is longer than 256 KiB: the rest was not sent.",
    "📎 {file} は 256 KiB を超えているため、残りは送られませんでした。",
)

MODEL_MISSING_OLLAMA = Sentence(
    "⚠️ The LLM server does not have the model {model}. Its operator can get it with `ollama pull {model}`; then "
    "ask again.",
    "⚠️ LLM サーバーにモデル {model} がありません。"
    "管理者が `ollama pull {model}` で入手してから、もう一度質問してください。",
)
MODEL_MISSING_OPENAI = Sentence(
    "⚠️ The LLM server does not have the model {model}. The bot's operator can set another one as LLM_MODEL in "
    "settings.py.",
    "⚠️ LLM サーバーにモデル {model} がありません。"
    "ボットの管理者が settings.py の LLM_MODEL を別のモデルに変更してください。",
)
LLM_UNREACHABLE = Sentence(
    "⚠️ I can't reach the LLM server at {address}. The bot's operator should check that it is running; then ask again.",
    "⚠️ LLM サーバー ({address}) に接続できません。起動しているかどうかをボットの管理者が確認してから、"
    "もう一度質問してください。",
)
LLM_NAME_UNKNOWN = Sentence(
    "⚠️ The LLM server's address {address} can't be found. The bot's operator should check LLM_HOST in settings.py.",
    "⚠️ LLM サーバーのアドレス {address} が見つかりません。"
    "ボットの管理者が settings.py の LLM_HOST を確認してください。",
)
LLM_NOT_SECURE = Sentence(
    "⚠️ No secure connection to the LLM server at {address}: its certificate was refused. The bot's operator should "
    "check LLM_HOST in settings.py and the server's certificate.",
    "⚠️ LLM サーバー ({address}) の証明書が受け入れられず、安全に接続できません。ボットの管理者が settings.py の "
    "LLM_HOST とサーバーの証明書を確認してください。",
)
LLM_NOT_THE_API = Sentence(
    "⚠️ At {address} something other than the expected LLM server answers. The bot's operator should check "
    "LLM_HOST, LLM_PORT and LLM_API in settings.py.",
    "⚠️ {address} から LLM サーバーではない応答が返ってきました。ボットの管理者が settings.py の "
    "LLM_HOST、LLM_PORT、LLM_API を確認してください。",
)
LLM_PROMPT_TOO_LONG = Sentence(
    "⚠️ The question is too long for the model. Please make it shorter and ask again.",
    "⚠️ 質問がモデルにとって長すぎます。短くしてもう一度質問してください。",
)
LLM_NO_PICTURES = Sentence(
    "⚠️ The model can't see this picture. Please ask again without it; the bot's operator can choose a model that "
    "sees pictures.",
    "⚠️ モデルがこの画像を見ることができません。画像なしでもう一度質問してください。"
    "ボットの管理者は、画像に対応したモデルを選べます。",
)
LLM_KEY_REFUSED = Sentence(
    "⚠️ The LLM server refused the bot's API key. The bot's operator should check LLM_API_KEY in settings.py.",
    "⚠️ LLM サーバーがボットの API キーを受け付けませんでした。ボットの管理者が settings.py の LLM_API_KEY を"
    "確認してください。",
)
LLM_BUSY = Sentence(
    "⚠️ The LLM server is too busy right now. Please ask again in a minute.",
    "⚠️ LLM サーバーが混み合っています。1 分ほど待ってから、もう一度質問してください。",
)
LLM_REQUEST_REFUSED = Sentence(
    "⚠️ The LLM server refused the request. The bot's operator can find the reason in its log.",
    "⚠️ LLM サーバーがリクエストを拒否しました。ボットの管理者がログで理由を確認してください。",
)
LLM_SERVER_ERROR = Sentence(
    "⚠️ The LLM server reported an error. Please ask again; if it happens again, the bot's operator can find the "
    "reason in its log.",
    "⚠️ LLM サーバーでエラーが起きました。もう一度質問してください。繰り返す場合は、ボットの管理者がログで理由を"
    "確認してください。",
)
LLM_SILENT = Sentence(
    "⚠️ The LLM server was silent for too long. Please ask again; if it happens again, the bot's operator can raise "
    "LLM_READ_TIMEOUT in settings.py.",
    "⚠️ LLM サーバーから長い間応答がありませんでした。もう一度質問してください。繰り返す場合は、ボットの管理者が "
    "settings.py の LLM_READ_TIMEOUT を大きくしてください。",
)
LLM_CUT_OFF = Sentence(
    "⚠️ The connection to the LLM server was lost. Please ask again.",
    "⚠️ LLM サーバーとの接続が切れました。もう一度質問してください。",
)
LLM_BAD_STREAM = Sentence(
    "⚠️ The LLM server at {address} sent something that I can't read. The bot's operator should check LLM_API in "
    "settings.py.",
    "⚠️ LLM サーバー ({address}) から読み取れないデータが届きました。ボットの管理者が settings.py の LLM_API を"
    "確認してください。",
)
LLM_INTERNAL = Sentence(
    "⚠️ Something went wrong in the bot itself. The bot's operator can find the reason in its log.",
    "⚠️ ボットの内部でエラーが起きました。管理者がログで理由を確認してください。",
)
