"""Answers in the making: from a question to the last character of its answer in the channel.

question ──▶ what was said before, files ──▶ LLM_Model.stream ──▶ Reply ──▶ ChannelWriter
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import discord

from chat import wording
from chat.answer import attachments, prompt
from chat.answer.history import Turn
from chat.answer.prompt import Person, Spoken
from chat.answer.queue import Turns
from chat.bot.stop_button import StopButton
from chat.delivery.channel_writer import ChannelWriters, WrittenReply
from chat.delivery.destination import ByInteraction, InChannel
from chat.errors import PASSING_ERRORS
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Failed, Finished, Incomplete, Message, Stopped, TooLong
from chat.text.answer_text import ANSWER_FILE, THINKING_FILE, Page, Phrases, Reply
from chat.text.graphemes import one_line

if TYPE_CHECKING:
    from discord.http import HTTPClient

    from chat.answer.attachments import Problem
    from chat.answer.history import Before, Messages
    from chat.answer.queue import Ticket
    from chat.bot.stop_button import OnClick
    from chat.delivery.channel_writer import ChannelWriter
    from chat.delivery.destination import Destination
    from chat.delivery.rate_limits import RateLimits
    from chat.llm.types import End
    from chat.settings.config import Settings
    from chat.wording import Language
    from llm_model import LLM_Model, Stream

_log = logging.getLogger("chatbot")

REFUSAL_SECONDS = 8.0
"""So long a short-lived sentence of the bot's own stands in the channel."""

_LENGTH_REASONS = ("length", "max_tokens")
"""How servers say that a model was stopped at a number of tokens: Ollama and OpenAI; some OpenAI-compatible ones."""

_REASON_CHARS = 40
"""So much of the LLM server's own word for an answer's end goes into the log."""


class Ask(NamedTuple):
    """A question: the message it came with, or the interaction's stand-in for one, and what it says."""

    message: discord.Message
    prompt: str
    attachments: Tuple[discord.Attachment, ...]
    language: Language
    model: str
    interaction: Optional[discord.Interaction[Any]] = None

    @property
    def asker(self) -> Person:
        """Who asks."""
        return Person(self.message.author.id, self.message.author.display_name)


class Answer:
    """An answer in the making, for whoever may want to end it."""

    def __init__(self, ask: Ask, written: WrittenReply, ticket: Ticket) -> None:
        self.ask = ask
        self.written = written
        written.on_lost = self.stop
        self.stop_note: Optional[wording.Sentence] = None
        """Set once it is to end early: what is said of that."""
        self.stream: Optional[Stream] = None
        """Set once the LLM has been asked."""
        self.preparing: Optional[asyncio.Future[_Talk]] = None
        """Set while it is found out what to ask."""
        self.ticket = ticket

    def stop(self, note: wording.Sentence = wording.STOPPED) -> None:
        """End it now: the LLM server is free at once, and what is written stays, with a note under it."""
        self.stop_note = self.stop_note or note
        self.ticket.changed.set()
        if self.preparing:
            self.preparing.cancel()
        if self.stream:
            self.stream.stop()

    def question_is_gone(self) -> None:
        """Stop; where nothing stands yet, say nothing either."""
        if not self.written.message_ids and not self.written.busy:
            self.written.lose()
        self.stop()


class Answers:
    """All answers in the making."""

    def __init__(
        self, settings: Settings, model: LLM_Model, limits: RateLimits, http: HTTPClient, on_stop: OnClick
    ) -> None:
        self._settings = settings
        self._model = model
        self._http = http
        self._on_stop = on_stop
        self._writers = ChannelWriters(limits, settings.edit_every_chars)
        self._running: Dict[Optional[asyncio.Task[Any]], Answer] = {}
        self._turns = Turns(settings.max_active_chats, settings.max_waiting)
        self._hints: Set[Tuple[int, int, str]] = set()
        self._stop_buttons: Dict[Language, StopButton] = {}
        self._clock = asyncio.get_running_loop().time

    @property
    def full(self) -> bool:
        """Whether as many answers grow and wait as may."""
        return self._turns.full

    def of_message(self, message_id: int) -> Optional[Answer]:
        """Give the answer that a message is a page of, or the question to."""
        return next((answer for answer in self._running.values() if _is_about(answer, message_id)), None)

    def to_questions(self, fits: Callable[[discord.Message], bool]) -> List[Answer]:
        """Give the answers to the questions that fit."""
        return [answer for answer in self._running.values() if fits(answer.ask.message)]

    def of_person(self, user_id: int, channel_id: int) -> List[Answer]:
        """Give somebody's answers in a channel."""
        return self.to_questions(lambda asked: (asked.author.id, asked.channel.id) == (user_id, channel_id))

    async def give(self, ask: Ask, messages: Messages) -> None:
        """Answer a question; return when the answer stands in the channel, or can't."""
        reply = Reply(
            self._clock(),
            _phrases(ask),
            max_pages=self._settings.max_pages if _may_attach(ask) else None,
            show_thinking=self._settings.show_thinking,
            above=prompt.above(ask.prompt) if ask.interaction else "",
        )
        destination, begun = await self._destination(ask, reply)
        written = WrittenReply(reply, destination, controls=self._stop_button(ask.language), begun=begun)
        answer = Answer(ask, written, self._turns.take(ask.asker.id))
        task = asyncio.current_task()
        self._running[task] = answer
        writer, end = self._writers.of(destination), None
        try:
            with writer.writing(written):
                end = await self._make(answer, messages, writer)
        finally:
            del self._running[task]
            self._turns.leave(answer.ticket)
            _log_answer(ask.message, written, end, self._clock())

    async def _make(self, answer: Answer, messages: Messages, writer: ChannelWriter) -> Optional[End]:
        try:
            await _wait_in_line(answer, writer)
            talk = await self._prepared(answer, messages)
            end = await self._stream(answer, talk, writer)
        except Exception:  # raised again: it is a fault of our own, of which whoever asked must hear too
            fault = wording.llm_error(ErrorKind.INTERNAL, self._settings.llm_api)
            writer.finish(answer.written, fault.say(answer.ask.language))
            await answer.written.over.wait()
            raise
        thought_only = answer.written.reply.thinking and isinstance(end, (Finished, Incomplete, TooLong))
        writer.finish(answer.written, "\n".join(self._notes(answer, talk, end)), keep_thoughts=thought_only)
        await answer.written.over.wait()
        return end

    async def hint(self, message: discord.Message, sentence: str, *, short_lived: bool = False) -> None:
        """Reply with a sentence of our own; return when it stands there, or can't, or is gone again."""
        destination = InChannel(self._http, message.channel, message.id)
        key = (message.channel.id, message.author.id, sentence)
        if key in self._hints:  # who is told it by one message need not be told by the next
            return
        self._hints.add(key)
        try:
            await self._hint(destination, sentence, short_lived=short_lived)
        finally:
            self._hints.discard(key)

    async def _hint(self, destination: Destination, sentence: str, *, short_lived: bool) -> None:
        written = WrittenReply(Reply(self._clock(), Phrases(waiting="")), destination, hint=True)
        await self._write(written, sentence)
        if not short_lived:
            return
        await asyncio.sleep(REFUSAL_SECONDS)
        try:
            for message_id in written.message_ids:
                await self._http.delete_message(destination.channel.id, message_id)
        except (discord.HTTPException, *PASSING_ERRORS) as error:
            _log.debug("A hint stays: %r", error)

    async def close_leftover(self, message: discord.Message, language: Language) -> None:
        """Take the mark and the button from an answer that an earlier run left unfinished, and say so under it."""
        text, note = prompt.without_additions(message.content), wording.BROKEN_OFF.say(language)
        reply = Reply(self._clock(), Phrases(waiting=""), above=text)
        destination = InChannel(self._http, message.channel, message.id)
        written = WrittenReply(reply, destination, hint=True, begun=Page(message.content, growing=True))
        await self._write(written, f"-# {note}" if text else note)

    async def _write(self, written: WrittenReply, sentence: str) -> None:
        """Write what ends with this sentence and does not grow; return when it stands there, or can't."""
        writer = self._writers.of(written.destination)
        with writer.writing(written):
            writer.finish(written, sentence)
            await written.over.wait()

    def stop_all(self) -> List[asyncio.Task[Any]]:
        """Stop all answers, as the bot ends; give the tasks that write their last edits."""
        for answer in self._running.values():
            answer.stop(wording.BROKEN_OFF)
        return [task for task in self._running if task]

    async def close(self) -> None:
        """End all writing."""
        await self._writers.close()

    def _stop_button(self, language: Language) -> StopButton:
        if language not in self._stop_buttons:
            self._stop_buttons[language] = StopButton(language, self._on_stop)
        return self._stop_buttons[language]

    async def _destination(self, ask: Ask, reply: Reply) -> Tuple[Destination, Optional[Page]]:
        """Where to write; a slash command is answered with the page that it begins with, which is then there."""
        if ask.interaction is None:
            return InChannel(self._http, ask.message.channel, ask.message.id), None
        page = reply.pages(self._clock())[0]
        response = await ask.interaction.response.send_message(page.content)
        return ByInteraction(self._http, ask.interaction, response.message_id or 0), page

    # What the LLM is asked

    async def _prepared(self, answer: Answer, messages: Messages) -> _Talk:
        """What to ask; nothing as soon as nobody wants the answer any more."""
        answer.preparing = asyncio.ensure_future(self._talk(answer.ask, messages))
        if answer.stop_note:
            answer.preparing.cancel()
        try:
            return await answer.preparing
        except asyncio.CancelledError:
            if answer.stop_note is None:
                raise
            return _NOTHING

    async def _talk(self, ask: Ask, messages: Messages) -> _Talk:
        settings = self._settings
        before = await messages.before(ask.message, settings.history_messages)
        pictures = await self._pictures_for(ask, before)
        turns, asked = before.turns, Turn(ask.asker, ask.prompt, ask.attachments)
        if not (asked.text or asked.attachments) and turns and turns[-1].author:
            *turns, asked = turns  # who replies to somebody's message with nothing but the command asks that
        question, problems = await _spoken(asked, pictures)
        earlier: List[Spoken] = []  # newest first: they get what is left of the pictures and characters
        pictures, chars = max(0, pictures - len(question.images)), settings.history_chars
        for turn in reversed(turns):
            if _least_chars(turn) > chars:
                break
            spoken, _ = await _spoken(turn, pictures)
            pictures, chars = max(0, pictures - len(spoken.images)), chars - len(spoken.text)
            earlier.append(spoken)
        talk = prompt.build(
            prompt.fill_in(settings.system_prompt, _placeholders(ask)),
            earlier[::-1],
            question,
            settings.history_chars,
        )
        left_out = talk.left_out or before.more or len(earlier) < len(turns)
        return _Talk(talk.messages, left_out, problems)

    async def _pictures_for(self, ask: Ask, before: Before) -> int:
        """How many pictures may be sent: none to a model that can't see."""
        attached = [*ask.attachments, *(one for turn in before.turns for one in turn.attachments)]
        if not any(map(attachments.is_picture, attached)):
            return 0
        try:
            sees = await self._model.can_see(ask.model)
        except LLMError as error:
            _log.warning("Whether the model can see is not known, so the pictures are sent: %s", error)
            return attachments.PICTURES
        return attachments.PICTURES if sees else 0

    async def _stream(self, answer: Answer, talk: _Talk, writer: ChannelWriter) -> Optional[End]:
        question = talk.messages[-1]
        if answer.stop_note:
            return Stopped()
        if not question.content and not question.images:
            return None
        async with self._model.stream(talk.messages, answer.ask.model) as stream:
            answer.stream = stream
            await writer.follow(answer.written, stream)
            return stream.end

    # What is said under the answer

    def _notes(self, answer: Answer, talk: _Talk, end: Optional[End]) -> List[str]:
        language = answer.ask.language
        notes = [self._end_note(answer, end), *(problem.say(language) for problem in talk.problems)]
        if talk.left_out:
            notes.append(wording.LEFT_OUT.say(language))
        notes = [note for note in notes if note]
        if end is None and not notes:
            return [wording.USAGE.say(language, prefix=self._settings.command_prefix)]
        return notes

    def _end_note(self, answer: Answer, end: Optional[End]) -> str:
        language = answer.ask.language
        if isinstance(end, Failed):
            return self.fault(end.error, language, answer.ask.model)
        if isinstance(end, Incomplete):
            return wording.INCOMPLETE.say(language)
        if isinstance(end, TooLong):
            return wording.TOO_LONG.say(language, chars=self._settings.max_answer_chars)
        reply = answer.written.reply
        sentence = _sentence_for(end.reason, reply) if isinstance(end, Finished) else answer.stop_note
        return sentence.say(language) if sentence else ""

    def fault(self, error: LLMError, language: Language, model: str) -> str:
        """Give the sentence for what is wrong with the LLM server."""
        sentence = wording.llm_error(error.kind, self._settings.llm_api)
        return sentence.say(language, address=self._model.address, model=model)


async def _wait_in_line(answer: Answer, writer: ChannelWriter) -> None:
    ticket = answer.ticket
    if not ticket.place:
        return
    while ticket.place and not answer.stop_note:
        ticket.changed.clear()
        writer.stand_in_line(answer.written, ticket.place)
        await ticket.changed.wait()
    writer.stand_in_line(answer.written, 0)


class _Talk(NamedTuple):
    messages: List[Message]
    left_out: bool
    problems: Sequence[Problem]


_NOTHING = _Talk([Message("user", "")], left_out=False, problems=())
"""Of a question that was stopped before it could be asked."""


def _least_chars(turn: Turn) -> int:
    """How long a turn is at least; UTF-8 takes at most four bytes for a character."""
    texts = (attachment for attachment in turn.attachments if not attachments.is_picture(attachment))
    return len(turn.text) + sum(min(attachment.size, attachments.TEXT_BYTES) for attachment in texts) // 4


def _is_about(answer: Answer, message_id: int) -> bool:
    return answer.ask.message.id == message_id or message_id in answer.written.message_ids


async def _spoken(turn: Turn, pictures: int) -> Tuple[Spoken, Sequence[Problem]]:
    """Read a turn's files."""
    read = await attachments.read(turn.attachments, pictures)
    text = "\n\n".join(filter(None, (turn.text, read.text)))
    return Spoken(turn.author, text, read.images), read.problems


def _placeholders(ask: Ask) -> Dict[str, str]:
    now, guild = dt.datetime.now().astimezone(), ask.message.guild
    return {
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H:%M"),
        "channel": getattr(ask.message.channel, "name", ""),
        "server": guild.name if guild else "",
        "user": ask.asker.name,
    }


def _phrases(ask: Ask) -> Phrases:
    say: Callable[..., str] = lambda sentence, **values: sentence.say(ask.language, **values)  # noqa: E731 - short
    return Phrases(
        waiting=say(wording.NOTICE),
        in_line=say(wording.IN_LINE, place="{place}"),
        # Discord's clients count the seconds: it costs no edit. The time is Discord's own, whatever this clock says.
        thinking=say(wording.THINKING, since=discord.utils.format_dt(ask.message.created_at, "R")),
        goes_on=say(wording.GOES_ON),
        in_file=say(wording.IN_FILE, file=ANSWER_FILE),
        thoughts_in_file=say(wording.THOUGHTS_IN_FILE, file=THINKING_FILE),
    )


def _sentence_for(reason: str, reply: Reply) -> Optional[wording.Sentence]:
    """What there is to say of an answer that the LLM has finished, for the reason that it gives."""
    if reply.thinking:
        return wording.STILL_THINKING
    if reply.first_text_at is None:
        return wording.EMPTY
    return wording.LENGTH if reason in _LENGTH_REASONS else None


def _may_attach(ask: Ask) -> bool:
    if ask.interaction:
        return ask.interaction.app_permissions.attach_files
    guild, channel = ask.message.guild, ask.message.channel
    try:
        return guild is not None and channel.permissions_for(guild.me).attach_files
    except discord.ClientException:  # a thread whose channel the bot does not see
        return False


def _log_answer(question: discord.Message, written: WrittenReply, end: Optional[End], now: float) -> None:
    reply = written.reply
    if isinstance(end, Failed) and end.error.kind is ErrorKind.INTERNAL:
        _log.error("A fault in the bot itself", exc_info=end.error.__cause__)
    first = "-" if reply.first_text_at is None else f"{reply.first_text_at - reply.asked:.2f}s"
    _log.info(
        "answer channel=%d user=%d chars=%d first=%s total=%.2fs edits=%d end=%s",
        question.channel.id,
        question.author.id,
        len(reply.text),
        first,
        now - reply.asked,
        written.edits,
        "lost" if written.lost else _end_for_log(end),
    )


def _end_for_log(end: Optional[End]) -> str:
    if isinstance(end, Failed):
        return f"failed ({one_line(str(end.error))})"
    if isinstance(end, Finished):
        return f"finished ({one_line(end.reason[:_REASON_CHARS])})"
    if isinstance(end, TooLong):
        return "too long"
    return "incomplete" if isinstance(end, Incomplete) else "stopped"
