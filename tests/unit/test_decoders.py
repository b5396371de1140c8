"""Both decoders: streams as real servers send them, whole, in any cut, and broken in every way."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple, Type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.llm.decoders import (
    MAX_LINE_BYTES,
    BadStreamError,
    Decoder,
    Event,
    OllamaDecoder,
    OpenAIDecoder,
    ServerError,
)
from chat.llm.types import Finished, Text, Thinking
from emulators.llm.format import SSE_DONE, ollama_record, openai_event, sse_comment, sse_data

DecoderType = Type[Decoder]
BOTH = pytest.mark.parametrize("decoder", [OllamaDecoder, OpenAIDecoder])
DEEP = b"[" * 200_000

# Ollama 0.12, gemma:2b, with the bytes of `é` cut in no way.
OLLAMA_STREAM = (
    '{"model":"gemma:2b","created_at":"2026-08-01T12:00:00.1Z","message":{"role":"assistant","content":"入"},"done":false}\n'
    '{"model":"gemma:2b","created_at":"2026-08-01T12:00:00.2Z","message":{"role":"assistant","content":"口\u2028\\u2028"},'
    '"done":false}\n'
    '{"model":"gemma:2b","created_at":"2026-08-01T12:00:00.3Z","message":{"role":"assistant","content":'
    '" \\u003cb\\u003e 😀"},"done":false}\r\n'
    "\n"
    '{"model":"gemma:2b","created_at":"2026-08-01T12:00:00.4Z","message":{"role":"assistant","content":""},'
    '"done":true,"done_reason":"length","total_duration":4883583458,"eval_count":282}\n'
).encode()
# llama.cpp's server: a role first, the finish reason in a chunk of its own, usage with no choices.
LLAMA_CPP_STREAM = (
    'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1}\n\n'
    'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"入口"}}],"object":"chat.completion"}\n\n'
    'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"\u2028\x85 😀"}}],"created":1}\n\n'
    'data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1}\n\n'
    'data: {"choices":[],"usage":{"completion_tokens":9},"timings":{"predicted_ms":1.5}}\n\n'
    "data: [DONE]\n\n"
).encode()
# OpenRouter: comments, `\r\n`, events with other fields, no blank after the colon, thinking in `reasoning`.
OPENROUTER_STREAM = (
    ": OPENROUTER PROCESSING\r\n\r\n"
    "event: message\r\nid: 7\r\nretry: 10\r\n"
    'data:{"choices":[{"delta":{"role":"assistant","content":"","reasoning":"さて"},"finish_reason":null}]}\r\n\r\n'
    'data: {"choices":[{"delta":{"content":"入口"},"finish_reason":null,"native_finish_reason":null}]}\r\n\r\n'
    ":\r\n\r\ndata\r\ndata:\r\n\r\n"
    'data: {"choices":[{"delta":{"content":" \u2028"},"finish_reason":"length"}]}\r\n\r\n'
    "data: [DONE]\r\n\r\n"
).encode()
BROKEN_STREAM = ollama_record("入口") + b'{"error":"CUDA out of memory"}\n'
BAD_STREAM = ollama_record("入") + ollama_record("口") + b"<html>\n" + ollama_record("later")

STREAMS: List[Tuple[DecoderType, bytes, str, str]] = [
    (OllamaDecoder, OLLAMA_STREAM, "入口\u2028\u2028 <b> 😀", "Finished(reason='length')"),
    (OpenAIDecoder, LLAMA_CPP_STREAM, "入口\u2028\x85 😀", "Finished(reason='stop')"),
    (OpenAIDecoder, OPENROUTER_STREAM, "入口 \u2028", "Finished(reason='length')"),
    (OllamaDecoder, BROKEN_STREAM, "入口", "ServerError(message='CUDA out of memory')"),
    (OllamaDecoder, BAD_STREAM, "入口", "a line that is no JSON: '<html>'"),
    (OllamaDecoder, ollama_record("入口"), "入口", "incomplete"),
]
STREAM_NAMES = ["Ollama", "llama.cpp", "OpenRouter", "error", "no JSON", "cut off"]  # a record has the time in it


def decode(decoder: DecoderType, *parts: bytes) -> List[Event]:
    """What the parts say, the end of the stream included."""
    decoding = decoder()
    events = [event for part in parts for event in decoding.feed(part)]
    return [*events, *decoding.end()]


def told(decoder: DecoderType, *parts: bytes) -> Tuple[str, str]:
    """Give the answer's text, and how it ended, as whoever reads it to its end gets them."""
    decoding = decoder()
    text = ""
    try:
        for events in (*map(decoding.feed, parts), decoding.end()):
            for event in events:
                if isinstance(event, (Finished, ServerError)):
                    return text, repr(event)
                text += event.text if isinstance(event, Text) else ""
    except BadStreamError as error:
        return text, str(error)
    return text, "incomplete"


def delta(**fields: Any) -> bytes:  # noqa: ANN401 - JSON of any form
    return sse_data({"choices": [{"index": 0, "delta": fields}]})


# Whole streams, in any cut


@pytest.mark.parametrize(("decoder", "stream", "text", "end"), STREAMS, ids=STREAM_NAMES)
def test_a_stream_says_its_text_and_its_end(decoder: DecoderType, stream: bytes, text: str, end: str) -> None:
    assert told(decoder, stream) == (text, end)


@pytest.mark.parametrize(("decoder", "stream", "text", "end"), STREAMS, ids=STREAM_NAMES)
def test_one_byte_at_a_time_says_the_same(decoder: DecoderType, stream: bytes, text: str, end: str) -> None:
    assert told(decoder, *(bytes([byte]) for byte in stream)) == (text, end)


@settings(deadline=None)
@given(st.sampled_from(STREAMS), st.data())
def test_any_cut_says_the_same(example: Tuple[DecoderType, bytes, str, str], data: st.DataObject) -> None:
    decoder, stream, text, end = example
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    parts = [stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)])]
    assert told(decoder, *parts) == (text, end)


@settings(deadline=None)
@given(st.text(), st.sampled_from([OllamaDecoder, OpenAIDecoder]))
def test_any_text_comes_through(text: str, decoder: DecoderType) -> None:
    # st.text() has no surrogates, but all else, line separators and control characters included.
    stream = ollama_record(text) if decoder is OllamaDecoder else openai_event(text)
    assert told(decoder, stream)[0] == text


def test_a_token_is_said_with_its_line_end_before_the_event_is_over() -> None:
    assert list(OpenAIDecoder().feed(delta(content="Hel")[:-1])) == [Text("Hel")]
    assert list(OllamaDecoder().feed(ollama_record("Hel"))) == [Text("Hel")]


@BOTH
def test_a_last_line_needs_no_end_and_half_a_line_says_nothing(decoder: DecoderType) -> None:
    line = (ollama_record("Hel") if decoder is OllamaDecoder else delta(content="Hel")).rstrip()
    assert decode(decoder, line) == [Text("Hel")]
    assert [decode(decoder, line[:length]) for length in range(6, len(line))] == [[]] * (len(line) - 6)


@BOTH
def test_nothing_at_all_is_nothing(decoder: DecoderType) -> None:
    assert decode(decoder) == decode(decoder, b"") == decode(decoder, b"\n\r\n\n  \r", b"\n") == []


# Thinking and ends


def test_thinking_is_apart_from_the_answer() -> None:
    assert decode(OllamaDecoder, ollama_record(thinking="hm"), ollama_record("x")) == [Thinking("hm"), Text("x")]
    assert decode(OpenAIDecoder, delta(reasoning_content="hm", content="x")) == [Thinking("hm"), Text("x")]
    assert decode(OpenAIDecoder, delta(reasoning="hm", content=None)) == [Thinking("hm")]
    assert decode(OpenAIDecoder, delta(reasoning="", reasoning_content=None, content="")) == []


def test_finish_reason_together_with_text_comes_after_it() -> None:
    assert decode(OpenAIDecoder, openai_event("lo", finish_reason="length")) == [Text("lo"), Finished("length")]


def test_done_is_an_end_without_a_finish_reason() -> None:
    assert decode(OpenAIDecoder, delta(content="x"), SSE_DONE) == [Text("x"), Finished("stop")]
    assert decode(OllamaDecoder, b'{"done":true}\n') == [Finished("stop")]


def test_usage_roles_and_comments_say_nothing() -> None:
    usage = openai_event(usage={"total_tokens": 3})
    assert decode(OpenAIDecoder, openai_event(role="assistant"), usage, sse_comment("ping"), b"data: {}\n") == []


def test_an_answer_that_is_not_streamed_is_taken_too() -> None:
    whole = b'{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}'
    assert decode(OpenAIDecoder, whole) == [Text("Hello"), Finished("stop")]


# Errors that the server reports


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'data: {"error":{"message":"oh","type":"server_error","param":null,"code":null}}', "oh"),
        (b'data: {"error":"oh"}', "oh"),
        (b'data: {"object":"error","message":"oh","type":"InternalServerError","param":null,"code":500}', "oh"),
        (b'error: {"code":500,"message":"oh","type":"server_error"}', "oh"),
        (b'error: {"message":"oh"}', "oh"),
        (b'error: {"error":{"message":"oh"}}', "oh"),
        (b'{"error":{"message":"oh","code":502}}', "oh"),
        (b'data: {"message":"oh","code":429}', "oh"),
        (b'data: {"error":{"message":"oh"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}', "oh"),
        (b'data: {"error":{"code":7}}', "{'code': 7}"),
        (b'data: {"error":["oh"]}', "['oh']"),
        (b'data: {"object":"error"}', "{'object': 'error'}"),
    ],
)
def test_an_openai_error_in_mid_stream(line: bytes, message: str) -> None:
    assert decode(OpenAIDecoder, delta(content="Hel"), line + b"\n\n") == [Text("Hel"), ServerError(message)]
    assert decode(OpenAIDecoder, line) == [ServerError(message)]


def test_ollamas_error_line() -> None:
    assert decode(OllamaDecoder, ollama_record("Hel"), b'{"error":"oh"}\n') == [Text("Hel"), ServerError("oh")]
    assert decode(OllamaDecoder, b'{"error":{"message":"oh"},"done":true}\n') == [ServerError("oh")]


@BOTH
@pytest.mark.parametrize("nothing", ["null", '""', "{}", "false"])
def test_an_error_field_that_holds_none_is_none(decoder: DecoderType, nothing: str) -> None:
    line = f'"error":{nothing},"message":{{"content":"x"}},"choices":[{{"delta":{{"content":"x"}}}}]'
    prefix = b"data: " if decoder is OpenAIDecoder else b""
    assert decode(decoder, prefix + b"{" + line.encode() + b"}\n") == [Text("x")]


# What can't be read


@BOTH
@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"Internal Server Error", "no JSON: 'Internal Server Error'"),
        (b'{"message":', "no JSON"),
        (b"'" * 5000, 'no JSON: "\'{80}"$'),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'"text"', "no JSON object"),
        (DEEP, "no JSON"),
        (b'{"message":{"content":' + DEEP, "no JSON"),
    ],
)
def test_a_line_that_is_no_json_object(decoder: DecoderType, payload: bytes, says: str) -> None:
    for prefix in (b"", b"data: ") if decoder is OpenAIDecoder else (b"",):
        with pytest.raises(BadStreamError, match=says):
            decode(decoder, prefix + payload + b"\n")


@BOTH
def test_a_line_over_a_mebibyte_in_one_piece_and_bit_by_bit(decoder: DecoderType) -> None:
    line = b'data: {"x":"' + b"x" * MAX_LINE_BYTES
    with pytest.raises(BadStreamError, match="more than 1048576 bytes"):
        decode(decoder, line + b'"}\n')
    with pytest.raises(BadStreamError, match="more than 1048576 bytes"):
        decode(decoder, *(line[start : start + 1000] for start in range(0, len(line), 1000)))


def test_a_line_of_just_a_mebibyte_is_taken() -> None:
    frame = len(ollama_record("").rstrip())
    assert decode(OllamaDecoder, ollama_record("x" * (MAX_LINE_BYTES - frame))) == [
        Text("x" * (MAX_LINE_BYTES - frame))
    ]


@BOTH
def test_many_short_lines_are_no_long_one(decoder: DecoderType) -> None:
    one = ollama_record("x") if decoder is OllamaDecoder else delta(content="x")
    count = 2 * MAX_LINE_BYTES // len(one)
    assert decode(decoder, one * count) == [Text("x")] * count


WRONG: List[object] = [None, True, 0, 1.5, 10**400, "", "x", [], [[]], [None], {}, {"content": 1}, {"a": {"b": []}}]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("field", ["message", "error", "done", "done_reason", "content", "thinking"])
def test_a_wrong_type_in_a_field_of_ollamas_is_passed_over(field: str, wrong: object) -> None:
    record: Dict[str, Any] = json.loads(ollama_record("x", done=True, thinking="hm"))
    (record["message"] if field in ("content", "thinking") else record)[field] = wrong
    events = decode(OllamaDecoder, json.dumps(record).encode())
    assert all(text.encode() for event in events for text in event)
    if field not in ("message", "error", "content"):
        assert Text("x") in events


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    "field", ["choices", "error", "object", "choice", "delta", "finish_reason", "content", "reasoning"]
)
def test_a_wrong_type_in_a_field_of_openais_is_passed_over(field: str, wrong: object) -> None:
    chunk: Dict[str, Any] = {"choices": [{"delta": {"content": "x", "reasoning": "hm"}, "finish_reason": "stop"}]}
    choice: Dict[str, Any] = chunk["choices"][0]
    if field == "choice":
        chunk["choices"] = [wrong]
    else:
        place = chunk if field in ("choices", "error", "object") else choice
        (choice["delta"] if field in ("content", "reasoning") else place)[field] = wrong
    events = decode(OpenAIDecoder, sse_data(chunk))
    assert all(text.encode() for event in events for text in event)
    if field in ("object", "finish_reason", "reasoning"):
        assert Text("x") in events


@BOTH
@pytest.mark.parametrize("depth", range(100, 1000, 50))
def test_nested_values_where_words_belong_never_break_it(decoder: DecoderType, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for field in (
        f'"error":{nested}',
        f'"done":true,"done_reason":{nested}',
        f'"choices":[{{"finish_reason":{nested}}}]',
    ):
        text, end = told(decoder, b"data: " * (decoder is OpenAIDecoder) + f"{{{field}}}".encode())
        assert text == ""
        assert "no JSON" not in end or depth > 500


# Characters


@BOTH
def test_a_bad_byte_is_shown_as_a_replacement_and_costs_no_more(decoder: DecoderType) -> None:
    line = ollama_record("x入y") if decoder is OllamaDecoder else delta(content="x入y")
    assert decode(decoder, line.replace("入".encode(), b"\xff")) == [Text("x\ufffdy")]
    assert told(decoder, line.replace("入".encode(), b"\xe5\x85"))[0] == "x\ufffdy"


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        ([r"\ud83d\ude00"], "😀"),
        ([r"a\ud83d", r"\ude00b"], "a😀b"),
        ([r"\ud83d", "", r"\ude00"], "😀"),
        ([r"\ud83d", r"\ude00\ud83d", r"\ude01"], "😀😁"),
        ([r"a\ud83db"], "a\ufffdb"),
        ([r"a\ud83d", "b"], "a\ufffdb"),
        ([r"\ud83d\n", "b"], "\ufffd\nb"),
        ([r"\ude00b"], "\ufffdb"),
        ([r"\ud83d\ud83d", r"\ude00"], "\ufffd😀"),
        ([r"a\ud83d"], "a"),
    ],
)
@BOTH
def test_halves_of_a_pair_are_joined_and_lone_ones_replaced(
    decoder: DecoderType, contents: List[str], text: str
) -> None:
    form = (
        '{"message":{"content":"%s"}}\n'
        if decoder is OllamaDecoder
        else 'data: {"choices":[{"delta":{"content":"%s"}}]}\n'
    )
    assert told(decoder, *((form % content).encode() for content in contents)) == (text, "incomplete")


def test_thinking_and_reasons_and_errors_hold_no_lone_half() -> None:
    line = rb'{"message":{"thinking":"\ud83d"},"done":true,"done_reason":"\ud83d"}'
    assert decode(OllamaDecoder, line) == [Thinking("\ufffd"), Finished("\ufffd")]
    assert decode(OllamaDecoder, rb'{"error":"\ud83d"}') == [ServerError("\ufffd")]


# Any bytes


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.binary(), st.sampled_from([b"\n", b"data: ", b"{", b'"error":', *LLAMA_CPP_STREAM.split()])))
)
@BOTH
def test_no_bytes_raise_anything_else(decoder: DecoderType, parts: List[bytes]) -> None:
    text, _ = told(decoder, *parts)
    text.encode()


FIELDS = ("error", "message", "content", "choices", "delta", "done_reason", "object")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, inner)),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
@BOTH
def test_no_json_object_raises_anything(decoder: DecoderType, record: Dict[str, Any]) -> None:
    prefix = b"data: " if decoder is OpenAIDecoder else b""
    decode(decoder, prefix + json.dumps(record).encode() + b"\n")


@BOTH
@pytest.mark.parametrize("part", [b"\n", b" ", b"data: \n", b":\n", b"\r\n", b"\xe5\n"])
def test_a_flood_of_nothing_is_passed_over_in_linear_time(decoder: DecoderType, part: bytes) -> None:
    # Were each byte looked at again with each that follows, this would run into the time limit that every test has.
    assert told(decoder, part * (MAX_LINE_BYTES // len(part)))[0] == ""


def test_a_long_line_in_single_bytes_takes_linear_time() -> None:
    decoding = OllamaDecoder()
    assert [event for _ in range(MAX_LINE_BYTES) for event in decoding.feed(b"x")] == []


def test_decoders_share_nothing() -> None:
    first, second = OllamaDecoder(), OllamaDecoder()
    record = ollama_record("x")
    list(first.feed(record[:9]))
    assert list(second.feed(record)) == [Text("x")]
    assert list(first.feed(record[9:])) == [Text("x")]
