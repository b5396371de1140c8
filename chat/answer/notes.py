"""What is said under an answer, or in its place: how it ended, and what is wrong with the LLM server."""

from __future__ import annotations

from typing import Dict, Optional

from chat.llm.errors import ErrorKind
from chat.llm.types import End, Failed, Finished, Incomplete, TooLong
from chat.settings.fields import Settings
from chat.text.answer_text import AnswerText
from chat.wording import channel as wording
from chat.wording.sentence import Language, Sentence

_LENGTH_REASONS = ("length", "max_tokens")
"""How servers say that a model was stopped at a number of tokens: Ollama and OpenAI; some OpenAI-compatible ones."""

LLM_ERRORS: Dict[ErrorKind, Sentence] = {
    ErrorKind.UNREACHABLE: wording.LLM_UNREACHABLE,
    ErrorKind.NAME_UNKNOWN: wording.LLM_NAME_UNKNOWN,
    ErrorKind.NOT_SECURE: wording.LLM_NOT_SECURE,
    ErrorKind.NOT_THE_API: wording.LLM_NOT_THE_API,
    ErrorKind.MODEL_MISSING: wording.MODEL_MISSING_OPENAI,
    ErrorKind.PROMPT_TOO_LONG: wording.LLM_PROMPT_TOO_LONG,
    ErrorKind.NO_PICTURES: wording.LLM_NO_PICTURES,
    ErrorKind.KEY_REFUSED: wording.LLM_KEY_REFUSED,
    ErrorKind.BUSY: wording.LLM_BUSY,
    ErrorKind.REQUEST_REFUSED: wording.LLM_REQUEST_REFUSED,
    ErrorKind.SERVER_ERROR: wording.LLM_SERVER_ERROR,
    ErrorKind.SILENT: wording.LLM_SILENT,
    ErrorKind.CUT_OFF: wording.LLM_CUT_OFF,
    ErrorKind.BAD_STREAM: wording.LLM_BAD_STREAM,
    ErrorKind.INTERNAL: wording.LLM_INTERNAL,
}


def llm_error(kind: ErrorKind, settings: Settings, language: Language, model: str) -> str:
    """Return the sentence for an error of the LLM server."""
    sentence = LLM_ERRORS[kind]
    if kind is ErrorKind.MODEL_MISSING and settings.llm_api == "ollama":
        sentence = wording.MODEL_MISSING_OLLAMA  # only Ollama has models that can be pulled
    return sentence.say(language, address=settings.llm_address, model=model)


def end_note(end: Optional[End], text: AnswerText, settings: Settings, language: Language, model: str) -> str:
    """Return what is to be said of an answer's end; empty if it is complete. None: there was nothing to ask."""
    sentence: Optional[Sentence] = None
    if isinstance(end, Failed):
        return llm_error(end.error.kind, settings, language, model)
    if end is None:
        sentence = wording.USAGE
    elif isinstance(end, Incomplete):
        sentence = wording.INCOMPLETE
    elif isinstance(end, TooLong):
        sentence = wording.TOO_LONG
    elif isinstance(end, Finished) and text.thinking:
        sentence = wording.STILL_THINKING
    elif isinstance(end, Finished) and not text.has_text:
        sentence = wording.EMPTY
    elif isinstance(end, Finished) and end.reason in _LENGTH_REASONS:
        sentence = wording.LENGTH
    values = {"prefix": settings.command_prefix, "chars": settings.max_answer_chars}
    return sentence.say(language, **values) if sentence else ""
