"""One answer: its text as it comes, the post that shows it, and how it can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Callable, Coroutine, Dict, Iterable, Iterator, List, Optional

import discord
from discord.http import HTTPClient

from chat.answer.notes import end_note
from chat.answer.prompt import above
from chat.answer.question import Question
from chat.delivery.destination import ByInteraction, Controls, Destination, InChannel
from chat.delivery.post import File, Page, Post, State
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Chunk, End, Failed, Finished, Incomplete, Stopped, Text, TooLong
from chat.settings.fields import Settings
from chat.text.answer_text import AnswerText
from chat.wording import channel as wording
from chat.wording.sentence import Sentence

_log = logging.getLogger("chatbot")

NOTICE_SECONDS = 1.5  # an LLM that needs longer to begin gets a message; until then the typing indicator is enough
LOG_LINE = "answer channel=%d user=%d chars=%d first=%s total=%.2fs edits=%d end=%s"  # what the log says of each answer
ANSWER_FILE = "answer.md"
THINKING_FILE = "thinking.md"


class Answer:
    """The answer to a question, from the moment when it is asked. Times are seconds of the event loop's clock."""

    def __init__(  # noqa: PLR0913 - what an answer is made of
        self,
        question: Question,
        settings: Settings,
        model: str,
        destination: Destination,
        controls: Controls,
        *,
        asked_at: float,
    ) -> None:
        self.question = question
        self.model = model
        prompt = above(question.text) if question.interaction else ""
        self.text = AnswerText(
            above=prompt,
            max_messages=settings.max_pages if question.may_attach else None,
            show_thinking=settings.show_thinking,
        )
        shown = Page(prompt.rstrip()) if question.interaction else None
        self.post = Post(self.pages, destination, every_chars=settings.edit_every_chars, controls=controls, shown=shown)
        self.post.on_lost = self.stop
        self.notes: List[str] = []  # what is said under it at its end
        self.end: Optional[End] = None
        self._settings = settings
        self._place = 0
        self._stop_note: Optional[Sentence] = None
        self._work: Optional[asyncio.Future[Optional[End]]] = None
        self._clock = asyncio.get_running_loop().time
        self.asked_at = asked_at
        self.first_text_at: Optional[float] = None
        self.post.changed(State.WAITING, self.asked_at + NOTICE_SECONDS)

    def show_place(self, place: int) -> None:
        """Show how many answers come first; 0: it is this one's turn.

        A new place is shown when it is half of the last one: that costs few edits, however long the queue is.
        """
        if place and self._place and place > self._place // 2:
            return
        self._place = place
        now = self._clock()
        self.post.changed(State.WAITING, max(now, self.asked_at + NOTICE_SECONDS) if place else now + NOTICE_SECONDS)

    def append(self, chunk: Chunk) -> None:
        """Take the next chunk of the answer, or of what the LLM thinks."""
        now = self._clock()
        if isinstance(chunk, Text):
            self.text.append(chunk.text)
        else:
            begins = not self.text.has_thoughts
            self.text.think(chunk.text)
            if begins and not self.text.has_text:
                self.post.changed(State.WAITING, max(now, self.asked_at + NOTICE_SECONDS))
            return
        if self.text.has_text:
            self.first_text_at = self.first_text_at or now
            self.post.changed(State.RUNNING, now, len(chunk.text))

    def finish(self, end: Optional[End]) -> None:
        """Take the end of the answer; None: there was nothing to ask."""
        language = self.question.language
        self.end = end
        if isinstance(end, Stopped):
            note = (self._stop_note or wording.STOPPED).say(language)
        elif end is None and self.notes:  # they say why
            note = ""
        else:
            note = end_note(end, self.text, self._settings, language, self.model)
        self.notes[:0] = [note] if note else []
        self.text.finish()
        self.post.changed(State.ENDED, self._clock())

    def pages(self) -> List[Page]:
        """Return what its messages say at this moment."""
        if self.post.state >= State.ENDED:
            return self._ended_pages()
        language = self.question.language
        if self.text.has_text:
            contents = self.text.messages(growing=True)
            if self.text.overflowed:
                contents = self.text.messages(growing=True, note=f"-# {wording.GOES_ON.say(language)}")
        elif self._place:
            contents = self.text.messages(note=wording.IN_LINE.say(language, place=self._place))
        elif self.text.has_thoughts:
            # Discord's clients count the seconds, which costs no edit. The time is Discord's own, not this clock's.
            since = discord.utils.format_dt(self.question.asked_at, "R")
            contents = self.text.messages(note=wording.THINKING.say(language, since=since))
        else:
            contents = self.text.messages(note=wording.NOTICE.say(language))
        if not contents:  # all that has come may still become markup
            return []
        return [*map(Page, contents[:-1]), Page(contents[-1], running=True)]

    def _ended_pages(self) -> List[Page]:
        self.text.messages()  # says if there is too much text
        notes, file, language = list(self.notes), None, self.question.language
        if self.text.overflowed:
            file = File(ANSWER_FILE, self.text.text)
            notes.append(wording.IN_FILE.say(language, file=ANSWER_FILE))
        elif self.text.thinking and self.question.may_attach and isinstance(self.end, (Finished, Incomplete, TooLong)):
            file = File(THINKING_FILE, self.text.thoughts)
            notes.append(wording.THOUGHTS_IN_FILE.say(language, file=THINKING_FILE))
        note = "\n".join(notes)
        if note and self.text.has_text:
            note = "-# " + note.replace("\n", "\n-# ")  # in Discord's small grey type
        contents = self.text.messages(note=note)
        if not contents:  # nothing of the answer can be seen
            contents = [wording.EMPTY.say(language)]
        return [*map(Page, contents[:-1]), Page(contents[-1], file)]

    # How it is ended early

    async def until_stopped(self, work: Coroutine[Any, Any, Optional[End]]) -> Optional[End]:
        """Do the work that brings the text. Return the end that the work says, or that it was stopped, or failed."""
        self._work = asyncio.ensure_future(work)
        if self._stop_note:
            self._work.cancel()
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._stop_note is None:  # the program ends
                raise
            return Stopped()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person is told, and the log has it
            internal = LLMError(ErrorKind.INTERNAL, repr(error))
            internal.__cause__ = error
            return Failed(internal)

    def stop(self, note: Sentence = wording.STOPPED) -> None:
        """End it: the LLM server is free at once, and what was written stays, with a note under it."""
        self._stop_note = self._stop_note or note
        if self._work:
            self._work.cancel()

    def stop_without_question(self) -> None:
        """Stop, as the question was deleted; if nothing was written yet, say nothing either."""
        if self.post.message_ids or self.post.busy:
            self.stop()
        else:
            self.post.lose()

    def may_be_stopped_by(self, user_id: int, permissions: discord.Permissions) -> bool:
        """Return True if a person may stop it: who asked, and who may manage messages."""
        return self.question.author.id == user_id or permissions.manage_messages


class RunningAnswers:
    """The answers that are not over, by their tasks, so that they can be stopped."""

    def __init__(self) -> None:
        self._answers: Dict[Optional[asyncio.Task[Any]], Answer] = {}

    @contextlib.contextmanager
    def running(self, answer: Answer) -> Iterator[None]:
        """Register an answer until the block ends, and log it then."""
        task = asyncio.current_task()
        self._answers[task] = answer
        try:
            yield
        finally:
            del self._answers[task]
            if isinstance(answer.end, Failed) and answer.end.error.kind is ErrorKind.INTERNAL:
                _log.error("An error of the bot itself", exc_info=answer.end.error.__cause__)
            _log.info(
                LOG_LINE,
                answer.question.channel.id,
                answer.question.author.id,
                len(answer.text.text),
                "-" if answer.first_text_at is None else f"{answer.first_text_at - answer.asked_at:.2f}s",
                asyncio.get_running_loop().time() - answer.asked_at,
                answer.post.edits,
                "lost" if answer.post.state is State.LOST else "stopped" if answer.end is None else answer.end,
            )

    def of_message(self, message_id: int) -> Optional[Answer]:
        """Return the answer that a message belongs to, or is the question of."""
        for answer in self._answers.values():
            if answer.question.id == message_id or message_id in answer.post.message_ids:
                return answer
        return None

    def to_questions(self, fits: Callable[[Question], bool]) -> List[Answer]:
        """Return the answers to the questions that fit."""
        return [answer for answer in self._answers.values() if fits(answer.question)]

    def stop_deleted(self, message_ids: Iterable[int]) -> None:
        """Stop the answers whose questions or own messages were deleted."""
        for message_id in message_ids:
            answer = self.of_message(message_id)
            if answer and answer.question.id == message_id:
                answer.stop_without_question()
            elif answer:
                answer.stop()

    def stop_unseen(self, fits: Callable[[Question], bool]) -> None:
        """Stop the answers to the questions that fit, whose channel is gone."""
        for answer in self.to_questions(fits):
            answer.stop_without_question()

    def stop_all(self) -> List[asyncio.Task[Any]]:
        """Stop all answers, as the bot ends. Return the tasks that write their last edits."""
        for answer in self._answers.values():
            answer.stop(wording.BROKEN_OFF)
        return [task for task in self._answers if task]


async def destination_of(question: Question, http: HTTPClient) -> Destination:
    """Return where the answer to a question is written; to a slash command, its first message is sent by that."""
    if question.interaction is None:
        return InChannel(http, question.channel, question.id)
    response = await question.interaction.response.send_message(above(question.text).rstrip())
    return ByInteraction(http, question.interaction, response.message_id or 0)
