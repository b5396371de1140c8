"""The demo's page in a real browser: what a person sees and does there. Each test fails on any console error."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

import pytest
import requests

from chat.text.answer_text import CURSOR
from demo import people, web
from demo.tap import TapChat
from emulators.bot import BotProcess, write_settings
from emulators.llm.server import Chat, LocalLLM
from tests.demo.browser import Page, Windows, browser_fixture, expect, windows_fixture  # noqa: F401 - fixtures
from tests.demo.stage import CHAT, MODEL, STOP, Stage, stage_fixture  # noqa: F401 - a fixture
from tests.house import settings_for

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Route

STATIC = Path(web.__file__).parent / "static"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
EVIL = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<b>bold</b> &lt;i&gt;",
    "[link](javascript:window.pwned=1)",
    "[link](data:text/html,<script>1</script>)",
    "<javascript:window.pwned=1>",
    '[x](https://a.test/"onmouseover="window.pwned=1)',
    "![picture](https://a.test/a.png)",
    "```html\n<script>window.pwned = 1</script>\n```",
    "`<img src=x onerror=window.pwned=1>`",
    "||<svg onload=window.pwned=1>||",
    '```"><img src=x onerror=window.pwned=1>\ncode\n```',
)

MARKDOWN = {
    "**b** *i* _i_ ~~s~~": "<p><strong>b</strong> <em>i</em> <em>i</em> <s>s</s></p>",
    "***bi***": "<p><em><strong>bi</strong></em></p>",
    "__u__ and __**ub**__": "<p><u>u</u> and <u><strong>ub</strong></u></p>",
    "one\ntwo": "<p>one<br>\ntwo</p>",
    "# A\n## B\n### C\n#### D": "<h1>A</h1>\n<h2>B</h2>\n<h3>C</h3>\n<p>#### D</p>",
    "-# small *print*": "<small>small <em>print</em></small>",
    "- a\n- b": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
    "3. a\n4. b": '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>',
    "> a\n> b\nc": "<blockquote><p>a<br>\nb</p>\n</blockquote><p>c</p>",
    ">>> a\n\nb": '<blockquote><p>a</p>\n<p class="gap1">b</p>\n</blockquote>',
    ">no quote": "<p>&gt;no quote</p>",
    "`**x**`": "<p><code>**x**</code></p>",
    "```\nnot closed": "<p>```<br>\nnot closed</p>",
    "| a | b |\n|---|---|": "<p>| a | b |<br>\n|---|---|</p>",
    "---\n1) a\n+ b": "<p>---<br>\n1) a<br>\n+ b</p>",
    "<:smile:123456> <a:wave:123456>": "<p>:smile: :wave:</p>",
    "snake_case_name 2*3*4": "<p>snake_case_name 2<em>3</em>4</p>",
}


@pytest.fixture(name="page")
def _page(stage: Stage, windows: Windows) -> Page:
    return windows.open(stage.url)


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def last_text(page: Page) -> Any:  # noqa: ANN401 - Playwright's Locator
    return page.locator(".message .text").last


# A person writes, the bot answers


def test_an_answer_grows_in_the_page(stage: Stage, page: Page) -> None:
    write(page, "!chat Hello!")
    question = stage.wait_for_message("!chat Hello!")
    stage.discord.start_typing(stage.discord.bot, stage.discord.channel)
    expect(page.locator("#typing")).to_have_text("Chatbot is typing…")
    answer = stage.bot_says(f"I am{CURSOR}", reply_to=question)
    expect(last_text(page)).to_have_text(f"I am{CURSOR}")
    expect(page.locator("#typing")).to_be_empty()
    expect(page.locator(".message .tag").last).to_have_text("APP")
    expect(page.locator(".quote-text")).to_have_text("!chat Hello!")
    stage.bot_edits(answer, f"I am **fine**{CURSOR}")
    expect(page.locator(".message strong")).to_have_text("fine")
    stage.bot_edits(answer, "I am **fine**.")
    expect(last_text(page)).to_have_text("I am fine. (edited)")
    expect(page.locator(".message")).to_have_count(2)


def test_the_real_bot_answers_through_the_tap(stage: Stage, page: Page, llm: LocalLLM, tmp_path: Path) -> None:
    stage.run(stage.tap.open(llm.url))
    settings = settings_for(stage.discord, llm, LLM_HOST=stage.tap.url, LLM_PORT=int(stage.tap.url.rsplit(":", 1)[1]))
    with BotProcess(stage.discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        page.locator("#hint").click()
        chat = llm.next_chat()
        chat.say("I am *fine*")
        expect(page.locator(".message em")).to_have_text("fine")
        expect(page.locator("#said")).to_have_text("11")
        expect(page.locator("#shown")).to_have_text("11")
        chat.say(", thank you!")
        chat.finish()
        expect(last_text(page)).to_have_text("I am fine, thank you! (edited)")
        expect(page.locator(".method.post").last).to_be_visible()
        expect(page.locator(".method.patch").last).to_be_visible()
    assert stage.discord.unexpected == ()


def test_the_first_visit_shows_what_to_write(stage: Stage, page: Page) -> None:
    page.locator("#hint").click()
    stage.wait_for_message("!chat Hello! How are you?")
    expect(last_text(page)).to_have_text("!chat Hello! How are you?")
    expect(page.locator("#hint")).to_be_hidden()


def test_a_reload_in_mid_answer_finds_the_same_person_and_the_answer(stage: Stage, page: Page) -> None:
    write(page, "!chat Hello!")
    question = stage.wait_for_message("!chat Hello!")
    answer = stage.bot_says(f"One{CURSOR}", reply_to=question)
    expect(last_text(page)).to_have_text(f"One{CURSOR}")
    page.reload()
    expect(last_text(page)).to_have_text(f"One{CURSOR}")
    expect(page.locator("#my-name-text")).to_have_text("Guest 1")
    stage.bot_edits(answer, "One two")
    expect(last_text(page)).to_have_text("One two (edited)")
    expect(page.locator(".message")).to_have_count(2)


def test_the_page_catches_up_after_the_server_was_away(stage: Stage, page: Page, windows: Windows) -> None:
    gone = stage.bot_says("to be deleted")
    stays = stage.bot_says("One")
    expect(page.locator(".message")).to_have_count(2)
    stage.discord.delete(gone)
    stage.bot_edits(stays, "One two")
    stage.restart()
    stage.bot_says("Three")
    expect(page.locator(".message .text")).to_have_text(["One two (edited)", "Three"])
    expect(page.locator("#offline")).to_be_hidden()
    # The browser itself reports each try to reach a server that isn't there.
    windows.errors[:] = [error for error in windows.errors if "WebSocket connection" not in error]


def test_a_window_too_many_says_so(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    expect(page.locator("#status")).to_have_text("Online, manages the server")
    monkeypatch.setattr(web, "MAX_WINDOWS", 0)
    page.reload()
    expect(page.locator("#offline")).to_have_text(
        "Too many windows are open here. Close one, and load this page again."
    )
    expect(page.locator("#status")).to_have_text("Offline")


def test_two_windows_are_two_people(stage: Stage, page: Page, windows: Windows) -> None:
    write(page, "Hello")
    stage.wait_for_message("Hello")
    other = windows.open(stage.url)
    expect(last_text(other)).to_have_text("Hello")
    expect(other.locator("#my-name-text")).to_have_text("Guest 2")
    other.locator("#text").press_sequentially("Hi")
    expect(page.locator("#typing")).to_have_text("Guest 2 is typing…")
    other.locator("#text").press("Enter")
    expect(last_text(page)).to_have_text("Hi")
    assert [entry.author.name for entry in stage.discord.messages()] == ["Guest 1", "Guest 2"]


def test_a_name_is_changed_in_place(stage: Stage, page: Page, windows: Windows) -> None:
    other = windows.open(stage.url)
    write(page, "Hello")
    page.locator("#my-name").click()
    page.locator("#my-name-input").fill("Kana")
    page.locator("#my-name-input").press("Enter")
    expect(page.locator("#my-name-text")).to_have_text("Kana")
    expect(page.locator("#my-name-input")).to_be_hidden()
    expect(page.locator("#my-name")).to_be_focused()
    expect(other.locator(".message .name")).to_have_text("Kana")
    other.locator("#my-name").click()
    other.locator("#my-name-input").fill("chatBOT")
    other.locator("#my-name-input").press("Enter")
    expect(other.locator("#notes")).to_have_text("Somebody here has this name already.")
    expect(other.locator("#my-name-text")).to_have_text("Guest 2")


def test_a_deleted_message_goes_and_its_replies_say_so(stage: Stage, page: Page) -> None:
    question = stage.discord.say("Question")
    stage.bot_says("Answer", reply_to=question)
    expect(page.locator(".quote-text")).to_have_text("Question")
    stage.discord.delete(question)
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".quote")).to_have_text("Original message was deleted")


def test_a_reply_is_written_with_its_quote_and_leads_to_the_question(stage: Stage, page: Page) -> None:
    first = stage.discord.say("The first")
    for number in range(40):
        stage.discord.say(f"Line {number}")
    page.locator(".message").last.hover()
    expect(last_text(page)).to_have_text("Line 39")
    row = page.locator(f'.message[data-id="{first.id}"]')
    row.hover()
    row.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#reply-bar")).to_have_text("Replying to Alice")
    write(page, "My answer")
    reply = stage.wait_for_message("My answer")
    assert reply.reference == first.id
    expect(page.locator("#reply-bar")).to_be_hidden()
    expect(row).not_to_be_in_viewport()
    page.locator(".quote").click()
    expect(row).to_be_in_viewport()
    expect(row).to_be_focused()


def test_a_double_click_on_a_message_replies(stage: Stage, page: Page) -> None:
    first = stage.discord.say("The first `code`")
    stage.discord.say("The second")
    page.locator(".message code").dblclick()
    expect(page.locator(".message.selected")).to_have_attribute("data-id", str(first.id))
    expect(page.locator("#reply-bar")).to_be_hidden()
    page.locator(".message p").first.dblclick(position={"x": 5, "y": 5})
    expect(page.locator("#reply-bar")).to_have_text("Replying to Alice")
    page.keyboard.type("My answer")
    page.keyboard.press("Enter")
    assert stage.wait_for_message("My answer").reference == first.id


def test_a_tap_on_a_message_shows_its_reply_action(stage: Stage, windows: Windows) -> None:
    stage.discord.say("Question")
    phone = windows.open(stage.url, **PHONE)
    action = phone.locator(".message .actions")
    expect(action).to_be_hidden()
    phone.locator(".message .text").tap()
    expect(action).to_be_visible()
    expect(action).to_have_css("opacity", "1")
    action.get_by_role("button", name="Reply").tap()
    expect(phone.locator("#reply-bar")).to_have_text("Replying to Alice")
    phone.locator(".welcome").tap()
    expect(phone.locator(".message.selected")).to_have_count(0)


# The composer


def test_what_is_typed_anywhere_comes_to_the_composer(stage: Stage, page: Page) -> None:
    expect(page.locator("#text")).to_be_focused()
    stage.discord.say("Question")
    page.locator(".message .text").click()
    page.keyboard.type("right away")
    expect(page.locator("#text")).to_have_value("right away")
    page.locator("#my-name").click()
    page.keyboard.type("Kana")
    expect(page.locator("#my-name-input")).to_have_value("Kana")


def test_the_hint_leaves_a_draft_alone(stage: Stage, page: Page) -> None:
    page.locator("#text").fill("A draft")
    page.locator("#hint").click()
    stage.wait_for_message("!chat Hello! How are you?")
    expect(page.locator("#text")).to_have_value("A draft")


def test_what_comes_during_an_upload_stays(stage: Stage, page: Page) -> None:
    uploads: List[Route] = []
    reply_to = stage.discord.say("Question")
    page.route("**/attachments", lambda route: uploads.append(route))  # noqa: PLW0108 - Playwright marks the function
    files: List[FilePayload] = [{"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b"x"} for name in "ab"]
    page.locator("#file-input").set_input_files(files[0])
    with page.expect_request("**/attachments"):
        write(page, "With a file")
    page.locator("#file-input").set_input_files(files[1])
    page.locator(".message p").dblclick()
    page.keyboard.type(" and more")
    uploads[0].continue_()
    entry = stage.wait_for_message("With a file")
    assert ([file.filename for file in entry.attachments], entry.reference) == (["a.txt"], None)
    expect(page.locator("#text")).to_have_value("and more")
    expect(page.locator("#files li span")).to_have_text("b.txt")
    uploads.clear()
    page.unroute("**/attachments")
    page.locator("#text").press("Enter")
    entry = stage.wait_for_message("and more")
    assert ([file.filename for file in entry.attachments], entry.reference) == (["b.txt"], reply_to.id)


def test_enter_sends_and_shift_enter_makes_a_line(stage: Stage, page: Page) -> None:
    text = page.locator("#text")
    expect(text).to_have_attribute("placeholder", "Message #chat")
    text.press_sequentially("one")
    text.press("Shift+Enter")
    text.press_sequentially("two")
    text.press("Enter")
    stage.wait_for_message("one\ntwo")
    expect(text).to_have_value("")
    expect(last_text(page).locator("br")).to_have_count(1)


def test_enter_during_a_japanese_conversion_does_not_send(stage: Stage, page: Page) -> None:
    text = page.locator("#text")
    text.focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    expect(text).to_have_value("にほん")
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "text": "\r"}
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **enter})
    text.evaluate("""field => {
        const down = { key: 'Enter', bubbles: true, cancelable: true };
        field.dispatchEvent(new KeyboardEvent('keydown', { ...down, isComposing: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { ...down, keyCode: 229 }));
    }""")
    keyboard.send("Input.insertText", {"text": "日本"})
    expect(text).to_have_value(re.compile("^日本"))
    assert stage.discord.messages() == ()
    text.fill("日本")
    text.press("Enter")
    stage.wait_for_message("日本")
    assert len(stage.discord.messages()) == 1


def test_the_counter_shows_near_the_limit_and_too_long_is_not_sent(stage: Stage, page: Page) -> None:
    page.locator("#text").fill("x" * 1700)
    expect(page.locator("#counter")).to_be_hidden()
    page.locator("#text").fill("😀" * 1990)
    expect(page.locator("#counter")).to_have_text("10")
    write(page, "x" * 2003)
    expect(page.locator("#counter")).to_have_text("-3")
    expect(page.locator("#notes")).to_have_text("A message can have 2,000 characters. This one is longer.")
    expect(page.locator("#text")).to_have_value("x" * 2003)
    assert stage.discord.messages() == ()


def test_who_writes_too_fast_is_told_and_loses_nothing(stage: Stage, page: Page) -> None:
    for number in range(6):
        write(page, f"Message {number}")
    expect(page.locator("#notes")).to_contain_text("a person may write 5 messages in 5 seconds")
    expect(page.locator("#text")).to_have_value("Message 5")
    row = stage.discord.messages()[-1]
    page.locator(f'.message[data-id="{row.id}"] p').dblclick()
    write(page, "Message 6")
    expect(page.locator("#text")).to_have_value("Message 6")
    expect(page.locator("#reply-bar")).to_have_text("Replying to Guest 1")
    assert [entry.content for entry in stage.discord.messages()] == [f"Message {number}" for number in range(5)]


def test_files_are_attached_and_shown(stage: Stage, page: Page) -> None:
    evil = b"<script>window.pwned = 1</script>"
    picture: FilePayload = {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}
    script: FilePayload = {"name": "../evil.html", "mimeType": "text/html", "buffer": evil}
    page.locator("#file-input").set_input_files([picture, script])
    expect(page.locator("#files li")).to_have_count(2)
    write(page, "Files")
    entry = stage.wait_for_message("Files")
    assert [(file.filename, file.data) for file in entry.attachments] == [
        ("dot.png", PIXEL),
        ("evil.html", evil),
    ]
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 1)
    expect(page.locator("#files")).to_be_hidden()
    with page.expect_download() as download:
        page.locator(".file a").click()
    assert download.value.suggested_filename == "evil.html"


def test_a_file_is_dropped_or_pasted_and_a_large_one_refused(stage: Stage, page: Page) -> None:
    give = """(target, [kind, name, size]) => {
        const data = new DataTransfer();
        data.items.add(new File(['x'.repeat(size)], name));
        target.dispatchEvent(kind === 'paste'
            ? new ClipboardEvent(kind, { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.locator("#chat").evaluate(give, ["dragover", "a.txt", 5])
    expect(page.locator("#drop")).to_be_visible()
    page.locator("#chat").evaluate(give, ["drop", "a.txt", 5])
    expect(page.locator("#drop")).to_be_hidden()
    page.locator("#text").evaluate(give, ["paste", "b.txt", 5])
    page.locator("#text").evaluate(give, ["paste", "big.bin", people.MAX_UPLOAD + 1])
    expect(page.locator("#notes")).to_have_text("big.bin is too large: a file may have 1 MiB.")
    page.get_by_role("button", name="Remove a.txt").click()
    page.locator("#text").press("Enter")
    entries = stage.wait_for(stage.discord.messages)
    assert [file.filename for file in entries[0].attachments] == ["b.txt"]


# What messages look like


def test_whatever_messages_say_stays_text(stage: Stage, page: Page, windows: Windows) -> None:
    for text in EVIL:
        stage.bot_says("Answer", reply_to=stage.discord.say(text))
    expect(page.locator(".message")).to_have_count(2 * len(EVIL))
    inside = page.locator(".text, .quote-text")
    assert inside.locator("script, img, svg, iframe, style, [onerror], [onload], [onmouseover], [style]").count() == 0
    hrefs = [link.get_attribute("href") or "" for link in page.locator(".message a").all()]
    assert len(hrefs) == 2
    assert all(href.startswith("https://a.test/") for href in hrefs)
    assert page.evaluate("window.pwned") is None
    own = (stage.url, stage.url.replace("http", "ws", 1))
    assert all(request.startswith(own) for request in windows.requests)


def test_a_script_is_shown_as_it_was_written(stage: Stage, page: Page) -> None:
    stage.discord.say("<script>alert('hi')</script> &amp; <b>")
    expect(last_text(page)).to_have_text("<script>alert('hi')</script> &amp; <b>")


def test_a_name_is_text_too(stage: Stage, page: Page) -> None:
    bob, eve = stage.discord.person("<i>Bob</i>"), stage.discord.person("<b>Eve</b>")
    stage.discord.say(f"Hello {bob.mention}", author=eve)
    expect(page.locator(".message .name")).to_have_text("<b>Eve</b>")
    page.reload()
    expect(page.locator(".mention")).to_have_text("@<i>Bob</i>")


def test_markdown_is_shown_as_discord_shows_it(stage: Stage, page: Page) -> None:
    for text in MARKDOWN:
        stage.bot_says(text)
    shown = page.locator(".message .text")
    expect(shown).to_have_count(len(MARKDOWN))
    assert dict(zip(MARKDOWN, (row.inner_html().strip() for row in shown.all()))) == MARKDOWN


def test_code_is_highlighted_by_its_language(stage: Stage, page: Page) -> None:
    stage.bot_says('Look: ```python\nprint("<b>")\n``` and ```\nplain\n```')
    expect(page.locator("pre code")).to_have_text(['print("<b>")', "plain"])
    expect(page.locator("pre .hljs-string")).to_have_text('"<b>"')
    expect(last_text(page).locator("p")).to_have_text(["Look:", "and"])


def test_links_lead_outside_and_tell_nothing(stage: Stage, page: Page) -> None:
    stage.bot_says("[docs](https://a.test/docs) https://b.test/x_y_z. www.c.test <https://d.test/>")
    links = last_text(page).locator("a")
    expect(links).to_have_text(["docs", "https://b.test/x_y_z", "https://d.test/"])
    for link in links.all():
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        expect(link).to_have_attribute("target", "_blank")


def test_mentions_show_names(stage: Stage, page: Page) -> None:
    bot, channel = stage.discord.bot.id, stage.discord.channel
    stage.discord.say(f"<@{bot}> <@!{bot}> <#{channel}> @everyone `<@{bot}>`")
    expect(page.locator(".mention")).to_have_text(["@Chatbot", "@Chatbot", "#chat", "@everyone"])
    expect(last_text(page).locator("code")).to_have_text(f"<@{bot}>")


def test_moments_are_told_in_the_readers_words_and_go_on(stage: Stage, page: Page) -> None:
    stage.bot_says(f"Asked <t:{int(time.time()) - 8}:R>, `<t:1:R>`, <t:x>")
    moment = last_text(page).locator("time")
    expect(moment).to_have_text(re.compile(r"^\d+ seconds ago$"))
    expect(moment).to_have_text(re.compile(r"^1\d seconds ago$"))
    expect(last_text(page).locator("code")).to_have_text("<t:1:R>")
    expect(last_text(page)).to_contain_text("<t:x>")


def test_a_spoiler_shows_when_clicked_and_stays_open_as_the_message_grows(stage: Stage, page: Page) -> None:
    message = stage.bot_says("It is ||the **gardener**|| and ||the cook||")
    spoilers = page.locator(".spoiler")
    expect(spoilers.locator("> span").first).not_to_be_visible()
    spoilers.first.click()
    expect(spoilers.locator("> span").first).to_be_visible()
    spoilers.last.press("Enter")
    stage.bot_edits(message, "It is ||the **gardener**|| and ||the cook||!")
    expect(last_text(page)).to_have_text(re.compile("edited"))
    for index in range(2):
        expect(spoilers.locator("> span").nth(index)).to_be_visible()


def test_a_selection_stays_as_the_message_grows(stage: Stage, page: Page) -> None:
    answer = stage.bot_says(f"First\n\nSecond **bold** and{CURSOR}")
    page.locator(".message .text").wait_for()
    page.evaluate("""() => {
        const [first, second] = document.querySelectorAll('.message .text p');
        getSelection().setBaseAndExtent(first.firstChild, 2, second.lastChild, 3);
    }""")
    stage.bot_edits(answer, f"First\n\nSecond **bold** and more\n\n- list{CURSOR}")
    expect(page.locator(".message li")).to_have_text(f"list{CURSOR}")
    assert page.evaluate("getSelection().toString()") == "rst\n\nSecond bold an"
    stage.bot_edits(answer, "Another")
    expect(last_text(page)).to_have_text("Another (edited)")


def test_messages_of_one_person_stand_under_one_name(stage: Stage, page: Page) -> None:
    first = stage.discord.say("One")
    stage.discord.say("Two")
    stage.discord.say("Three", reply_to=first)
    stage.discord.say("Four", author=stage.discord.person("Bob"))
    expect(page.locator(".message")).to_have_count(4)
    grouped = page.locator(".message").evaluate_all("rows => rows.map((row) => row.classList.contains('grouped'))")
    assert grouped == [False, True, False, False]


# Buttons


def row_of(*buttons: Dict[str, Any]) -> List[Dict[str, Any]]:
    return [{"type": 1, "components": [{"type": 2, "style": 1, **button} for button in buttons]}]


def test_a_button_is_shown_and_its_click_answered(stage: Stage, page: Page) -> None:
    stop = {"label": "Stop", "custom_id": "stop", "emoji": {"name": "⏹"}}
    link = {"label": "Docs", "style": 5, "url": "https://a.test/"}
    bad = {"label": "Bad", "style": 5, "url": "javascript:alert(1)"}
    stage.bot_says("Answer", components=row_of(stop, link, bad, {"label": "Off", "custom_id": "off", "disabled": True}))
    expect(page.locator(".message .button")).to_have_text(["⏹ Stop", "Docs", "Bad", "Off"])
    expect(page.locator("a.button").first).to_have_attribute("href", "https://a.test/")
    assert page.locator("a.button").last.get_attribute("href") is None
    expect(page.get_by_role("button", name="Off")).to_be_disabled()


def test_a_click_is_the_persons_and_one_that_nobody_answers_is_told(stage: Stage, page: Page) -> None:
    stage.discord.interaction_seconds = 0.2
    message = stage.bot_says("Answer", components=row_of({"label": "Stop", "custom_id": "stop"}))
    page.get_by_role("button", name="Stop").click()
    click = stage.next_interaction(3)
    assert (click.author.name, click.name, click.clicked) == ("Guest 1", "stop", message.id)
    expect(page.locator(".ephemeral")).to_contain_text("This interaction failed.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".ephemeral")).to_have_count(0)


def test_only_who_clicked_sees_an_ephemeral_answer_until_it_is_dismissed(
    stage: Stage, page: Page, windows: Windows
) -> None:
    other = windows.open(stage.url)
    stage.bot_says("Answer", components=row_of({"label": "Stop", "custom_id": "stop"}))
    other.get_by_role("button", name="Stop").click()
    stage.bot_answers(stage.next_interaction(3), content="Not yours", flags=64)
    row = other.locator(".message.private")
    expect(row.locator(".text")).to_have_text("Not yours")
    expect(row.locator(".foot")).to_have_text("Only you can see this • Dismiss")
    expect(row.locator(".quote-text")).to_have_text("Answer")
    expect(row.locator(".actions button")).to_have_count(0)
    stage.bot_says("For all")
    expect(last_text(page)).to_have_text("For all")
    expect(page.locator(".message")).to_have_count(2)
    row.get_by_role("button", name="Dismiss").click()
    expect(other.locator(".message .text")).to_have_text(["Answer", "For all"])


# Slash commands


def menu_of(page: Page) -> Any:  # noqa: ANN401 - Playwright's Locator
    return page.locator("#slash-list").get_by_role("option")


def type_command(page: Page, typed: str) -> None:
    """Type a command, once the page knows the commands."""
    page.locator("#text").press_sequentially("/")
    expect(menu_of(page).first).to_be_visible()
    page.locator("#text").press_sequentially(typed)


def test_a_slash_opens_the_menu_and_the_keyboard_chooses(stage: Stage, page: Page) -> None:
    stage.bot_registers(CHAT, MODEL, STOP)
    text = page.locator("#text")
    text.press_sequentially("/")
    expect(menu_of(page)).to_have_text(["/chatAsk something", "/modelShow the models", "/stopStop answers"])
    expect(text).to_have_attribute("aria-activedescendant", "slash-0")
    text.press("ArrowUp")
    expect(text).to_have_attribute("aria-activedescendant", "slash-2")
    expect(menu_of(page).last).to_have_attribute("aria-selected", "true")
    text.press("ArrowDown")
    text.press("Enter")
    expect(text).to_have_value("/chat prompt: ")
    expect(menu_of(page)).to_have_count(0)
    expect(page.locator("#slash-options li")).to_have_text(["prompt Your question", "file A fileattach it with +"])
    text.press_sequentially("What is")
    text.press("Shift+Enter")
    text.press_sequentially("prompt: in @chatbot?")
    text.press("Enter")
    use = stage.next_interaction(2)
    assert stage.option(use, "prompt") == f"What is\nprompt: in {stage.discord.bot.mention}?"
    assert (stage.discord.messages(), stage.discord.typing) == ((), ())


def test_a_command_is_sent_and_its_answer_says_who_used_it(stage: Stage, page: Page, windows: Windows) -> None:
    stage.bot_registers(CHAT)
    other = windows.open(stage.url)
    page.locator("#file-input").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"})
    text = page.locator("#text")
    type_command(page, "chat")
    text.press("Tab")
    text.press_sequentially("Look at this")
    text.press("Enter")
    use = stage.next_interaction(2)
    assert (use.name, use.author.name, [file.data for file in use.attachments]) == ("chat", "Guest 1", [b"abc"])
    expect(text).to_have_value("")
    expect(page.locator("#files")).to_be_hidden()
    stage.bot_answers(use, 5)
    expect(last_text(other)).to_have_text("Chatbot is thinking…")
    stage.bot_edits_answer(use, f"> Look at this\n\nI see{CURSOR}")
    expect(other.locator(".used")).to_have_text("GGuest 1used /chat")
    expect(last_text(other)).to_contain_text("I see")
    page.locator("#my-name").click()
    page.locator("#my-name-input").fill("Kana")
    page.locator("#my-name-input").press("Enter")
    expect(other.locator(".used .quote-name")).to_have_text("Kana")


def test_what_is_typed_is_completed_by_the_bot(stage: Stage, page: Page) -> None:
    stage.bot_registers(MODEL)
    text = page.locator("#text")
    type_command(page, "m")
    text.press("Enter")
    expect(text).to_have_value("/model name: ")
    models = [{"name": name, "value": name} for name in ("gemma:2b", "gemma:7b", "llama3")]
    stage.bot_answers(stage.next_interaction(4), 8, choices=models)
    expect(menu_of(page)).to_have_text(["gemma:2b", "gemma:7b", "llama3"])
    expect(text).not_to_have_attribute("aria-activedescendant", re.compile("."))
    text.press_sequentially("ge")
    expect(menu_of(page)).to_have_text(["gemma:2b", "gemma:7b"])
    stage.bot_answers(stage.next_interaction(4), 8, choices=models[:2])
    menu_of(page).last.click()
    expect(text).to_have_value("/model name: gemma:7b")
    expect(text).to_be_focused()
    text.press("Enter")
    assert stage.option(stage.next_interaction(2), "name") == "gemma:7b"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/nothing at all", "There is no command /nothing."),
        ("/chat prompt:  ", "/chat needs prompt: fill it in."),
        ("/stop now", "/stop does not take this: now"),
    ],
)
def test_a_command_that_cannot_be_is_told_to_this_window_alone(stage: Stage, page: Page, typed: str, told: str) -> None:
    stage.bot_registers(CHAT, STOP)
    type_command(page, typed[1:])
    page.locator("#text").press("Enter")
    expect(page.locator("#notes")).to_have_text(told)
    expect(page.locator("#text")).to_have_value(typed)
    assert (stage.discord.messages(), stage.discord.interactions) == ((), ())


def test_a_command_that_nobody_answers_is_told(stage: Stage, page: Page) -> None:
    stage.discord.interaction_seconds = 0.2
    stage.bot_registers(STOP)
    type_command(page, "stop ")
    page.locator("#text").press("Enter")
    expect(page.locator("#notes")).to_have_text("The application did not respond.")


def test_escape_closes_the_menu_and_paths_are_no_commands(stage: Stage, page: Page) -> None:
    stage.bot_registers(STOP)
    text = page.locator("#text")
    text.press_sequentially("/s")
    expect(page.locator("#slash")).to_be_visible()
    text.press("Escape")
    expect(page.locator("#slash")).to_be_hidden()
    text.press_sequentially("t")
    expect(page.locator("#slash")).to_be_hidden()
    text.fill("")
    text.press_sequentially("/")
    expect(page.locator("#slash")).to_be_visible()
    write(page, "/etc/passwd is a file")
    stage.wait_for_message("/etc/passwd is a file")


def test_the_menu_fits_a_phone_and_speaks_japanese(stage: Stage, windows: Windows) -> None:
    stage.bot_registers(CHAT, MODEL, *({**STOP, "name": f"stop{number}"} for number in range(20)))
    page = windows.open(stage.url, locale="ja-JP", **PHONE)
    page.locator("#text").press_sequentially("/")
    expect(menu_of(page).first).to_have_text("/chat質問する")
    expect(page.locator("#slash")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    menu_of(page).first.tap()
    expect(page.locator("#text")).to_have_value("/chat prompt: ")
    expect(page.locator("#slash-options li").last).to_have_text("file A file+ で添付")


def test_slash_chat_is_answered_by_the_real_bot_and_stopped_by_its_button(
    stage: Stage, page: Page, windows: Windows, llm: LocalLLM, tmp_path: Path
) -> None:
    stage.run(stage.tap.open(llm.url))
    settings = settings_for(stage.discord, llm, LLM_HOST=stage.tap.url, LLM_PORT=int(stage.tap.url.rsplit(":", 1)[1]))
    with BotProcess(stage.discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        expect(page.locator("#bot-status")).to_have_text(f"Chatbot: {llm.models[0]}")
        text = page.locator("#text")
        for number in range(2):
            type_command(page, "ch")
            expect(menu_of(page)).to_have_count(1)
            text.press("Enter")
            text.press_sequentially(f"Question {number}")
            text.press("Enter")
            chat = llm.next_chat()
            assert chat.json["messages"][-1]["content"] == f"Question {number}"
            chat.say("I *am*")
            expect(last_text(page).locator("em")).to_have_text("am")
            expect(page.locator("#said")).to_have_text("6")
            expect(page.locator("#shown")).to_have_text("6")
            other = windows.open(stage.url)
            other.get_by_role("button", name="Stop").click()
            expect(other.locator(".message.private")).to_have_count(1)
            page.get_by_role("button", name="Stop").click()
            assert chat.wait_closed()
            expect(last_text(page)).to_contain_text("Stopped.")
            expect(page.locator(".message .button")).to_have_count(0)
            expect(page.locator("#lag-text")).to_have_text("0.0 s")
        expect(page.locator(".used")).to_have_count(2)
        expect(page.locator(".lamp.used")).to_have_count(0)
        type_command(page, "model ")
        expect(menu_of(page)).to_have_text(llm.models)
        text.press("Tab")
        text.press("Enter")
        expect(last_text(page)).to_contain_text("answers in this channel")
    assert stage.discord.unexpected == ()


# One's own messages


def test_ones_own_message_is_edited_and_deleted(stage: Stage, page: Page, windows: Windows) -> None:
    other = windows.open(stage.url)
    write(page, "!chat @chatbot Helo")
    mention = stage.discord.bot.mention
    entry = stage.wait_for_message(f"!chat {mention} Helo")
    page.locator("#text").fill("A draft")
    page.locator(".message").hover()
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#reply-bar")).to_have_text("Editing your message")
    expect(page.locator("#text")).to_have_value("!chat @Chatbot Helo")
    write(page, "!chat @Chatbot Hello")
    expect(last_text(other)).to_have_text("!chat @Chatbot Hello (edited)")
    assert stage.discord.message(entry).content == f"!chat {mention} Hello"
    expect(page.locator("#reply-bar")).to_be_hidden()
    expect(page.locator("#text")).to_have_value("A draft")
    other.locator(".message").hover()
    expect(other.get_by_role("button", name="Reply")).to_be_visible()
    for action in ("Edit", "Delete"):
        expect(other.get_by_role("button", name=action)).to_have_count(0)
    page.get_by_role("button", name="Edit").click()
    page.locator("#text").press("Escape")
    expect(page.locator("#text")).to_have_value("A draft")
    page.locator(".message").hover()
    page.get_by_role("button", name="Delete").click()
    expect(other.locator(".message")).to_have_count(0)
    assert stage.discord.messages() == ()


# Threads


def thread_of(page: Page, text: str) -> Any:  # noqa: ANN401 - Playwright's Locator
    """What leads to the thread under the message that says this."""
    return page.locator(".message", has_text=text).locator(".thread")


def place_of(page: Page, name: str) -> Any:  # noqa: ANN401 - Playwright's Locator
    """The button of the channel or a thread in the list."""
    return page.locator(".place", has_text=name)


def begin_thread(page: Page, text: str) -> Any:  # noqa: ANN401 - Playwright's Locator
    """Open the form for a thread from the message that says this, and return the field for its name."""
    row = page.locator(".message", has_text=text)
    row.hover()
    row.get_by_role("button", name="Create Thread").click()
    field = page.get_by_label("Thread name")
    expect(field).to_be_focused()
    return field


def test_a_thread_is_made_from_a_message_and_leads_back(stage: Stage, page: Page, windows: Windows) -> None:
    other = windows.open(stage.url)
    start = stage.discord.say("Let us **talk** about tea")
    field = begin_thread(page, "Let us talk")
    expect(field).to_have_value("Let us talk about tea")
    field.fill("Tea")
    field.press("Enter")
    expect(page.locator("#thread-dialog")).to_be_hidden()
    expect(page.locator("#place-name")).to_have_text("Tea")
    expect(page.locator("#welcome-title")).to_have_text("Tea")
    expect(page).to_have_title("Tea | This machine")
    expect(page.locator("#text")).to_have_attribute("placeholder", 'Message "Tea"')
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator(".message .text")).to_have_text(["Let us talk about tea"])
    expect(page.locator(".message .actions button")).to_have_count(0)
    expect(page.locator(".place")).to_have_text(["chat", "Tea"])
    expect(place_of(page, "Tea")).to_have_attribute("aria-current", "page")
    expect(place_of(page, "chat")).not_to_have_attribute("aria-current", re.compile("."))
    write(page, "Green or black?")
    assert stage.wait_for_message("Green or black?", start.id).author.name == "Guest 1"
    expect(last_text(page)).to_have_text("Green or black?")
    page.locator(".message").last.hover()
    expect(page.get_by_role("button", name="Create Thread")).to_have_count(0)
    expect(thread_of(other, "Let us talk")).to_have_text("Tea1 message")
    expect(other.locator(".message .text")).to_have_text(["Let us talk about tea"])
    page.get_by_role("button", name="Back to #chat").click()
    expect(page).to_have_title("#chat | This machine")
    expect(page.locator("#back")).to_be_hidden()
    expect(page.locator(".message .text")).to_have_text(["Let us talk about tea"])
    page.locator(".message").hover()
    expect(page.get_by_role("button", name="Create Thread")).to_have_count(0)
    thread_of(page, "Let us talk").click()
    expect(last_text(page)).to_have_text("Green or black?")
    stage.discord.edit(start, "Let us talk about coffee")
    expect(page.locator(".message .text").first).to_have_text("Let us talk about coffee (edited)")
    stage.discord.delete(start)
    expect(page.locator(".message .text").first).to_have_text("Original message was deleted")


def test_a_threads_name_begins_as_the_message_and_is_no_longer_than_discord_takes(stage: Stage, page: Page) -> None:
    stage.discord.say("<b>😀</b> " + "x" * 200)
    field = begin_thread(page, "x")
    expect(field).to_have_value("<b>😀</b> " + "x" * 90)
    field.press("Enter")
    expect(page.locator("#place-name")).to_have_text("<b>😀</b> " + "x" * 90)
    expect(page.locator(".threads .place")).to_have_text("<b>😀</b> " + "x" * 90)


def test_a_name_from_right_to_left_is_cut_at_its_end(stage: Stage, page: Page) -> None:
    stage.discord.add_thread("שלום " * 20, stage.discord.channel, stage.discord.say("Start"))
    for name in (page.locator(".threads .place span"), page.locator(".thread b")):
        expect(name).to_have_css("direction", "rtl")
    page.locator(".thread").click()
    expect(page.locator("#place-name")).to_have_css("direction", "rtl")


def test_a_name_that_the_form_begins_can_be_changed(stage: Stage, page: Page) -> None:
    stage.discord.say("x" + "😀" * 100)
    field = begin_thread(page, "x")
    expect(field).to_have_value("x" + "😀" * 49)
    field.press("End")
    field.press("Backspace")
    field.press("Enter")
    expect(page.locator("#place-name")).to_have_text("x" + "😀" * 48)


def test_a_double_click_makes_one_thread_and_says_nothing(stage: Stage, page: Page) -> None:
    stage.discord.say("Question")
    begin_thread(page, "Question")
    page.evaluate("() => [1, 2].forEach(() => document.querySelector('#thread-form').requestSubmit())")
    expect(page.locator("#place-name")).to_have_text("Question")
    expect(page.locator("#thread-dialog")).to_be_hidden()
    expect(page.locator("#notes")).to_be_empty()


def test_a_form_whose_connection_is_lost_can_be_sent_again(stage: Stage, page: Page) -> None:
    start = stage.discord.say("Question")
    field = begin_thread(page, "Question")
    page.evaluate("""() => {
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function () { WebSocket.prototype.send = send; this.close(); };
    }""")
    field.press("Enter")
    refusal = page.locator("#thread-dialog").get_by_role("alert")
    expect(refusal).to_have_text("The connection is lost. Trying again …")
    expect(page.locator("#offline")).to_be_hidden()
    field.press("Enter")
    expect(page.locator("#place-name")).to_have_text("Question")
    assert stage.discord.messages(start.id)


def test_the_form_says_why_there_is_no_thread_and_escape_closes_it(stage: Stage, page: Page) -> None:
    start = stage.discord.say("Question")
    field = begin_thread(page, "Question")
    field.fill("  ")
    field.press("Enter")
    refusal = page.locator("#thread-dialog").get_by_role("alert")
    expect(refusal).to_have_text("A name needs a letter or another visible character.")
    field.fill("Talk")
    stage.discord.delete(start)
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_role("button", name="Create Thread").click()
    expect(refusal).to_have_text("This message is not there any more.")
    expect(field).to_have_value("Talk")
    expect(field).to_be_focused()
    field.press("Escape")
    expect(page.locator("#thread-dialog")).to_be_hidden()
    assert [place.name for place in stage.discord.channels] == ["chat", "other"]


def test_enter_during_a_japanese_conversion_makes_no_thread(stage: Stage, windows: Windows) -> None:
    page = windows.open(stage.url, locale="ja-JP")
    stage.discord.say("質問")
    page.locator(".message").hover()
    page.get_by_role("button", name="スレッドを作成").click()
    field = page.get_by_label("スレッド名")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "text": "\r"}
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **enter})
    taken = field.evaluate("""(field) => {
        const key = (init) => new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init });
        return [{ isComposing: true }, { keyCode: 229 }, {}].map((init) => !field.dispatchEvent(key(init)));
    }""")
    assert taken == [True, True, False]  # what is taken submits no form
    keyboard.send("Input.insertText", {"text": "日本"})
    expect(field).to_have_value("日本")
    expect(page.locator("#thread-dialog")).to_be_visible()
    field.press("Enter")
    expect(page.locator("#place-name")).to_have_text("日本")
    expect(page.locator("#text")).to_have_attribute("placeholder", "「日本」へメッセージを送信")


def test_what_is_new_elsewhere_is_shown_until_it_is_opened(stage: Stage, page: Page) -> None:
    discord = stage.discord
    thread = discord.add_thread("Tea", discord.channel, discord.say("Start"))
    tea, chat = place_of(page, "Tea"), place_of(page, "chat")
    expect(tea).to_have_attribute("aria-label", "Tea (unread)")
    tea.click()
    expect(tea).to_have_attribute("aria-current", "page")
    expect(tea).to_have_attribute("aria-label", "Tea")
    discord.say("Inside", channel=thread)
    expect(last_text(page)).to_have_text("Inside")
    expect(tea).to_have_css("font-weight", "500")
    answer = stage.bot_says(f"Out{CURSOR}")
    expect(chat).to_have_css("font-weight", "700")
    expect(page.locator(".message .text")).to_have_text(["Start", "Inside"])
    chat.click()
    expect(chat).to_have_attribute("aria-label", "chat")
    discord.say("In", channel=thread)
    expect(tea).to_have_attribute("aria-label", "Tea (unread)")
    write(page, "My own")
    own = stage.wait_for_message("My own")
    discord.add_thread("Of mine", discord.channel, own)
    expect(place_of(page, "Of mine")).to_have_attribute("aria-label", "Of mine (unread)")
    discord.delete_channel(own.id)
    discord.delete(own)
    stage.restart()
    stage.bot_edits(answer, "Outside")
    expect(last_text(page)).to_have_text("Outside (edited)")
    expect(tea).to_have_attribute("aria-label", "Tea (unread)")
    page.reload()
    expect(tea).to_have_attribute("aria-label", "Tea")


def test_what_was_begun_stays_in_its_place(stage: Stage, page: Page) -> None:
    discord = stage.discord
    first = discord.say("Question")
    discord.add_thread("Tea", discord.channel, first)
    tea, chat, text = place_of(page, "Tea"), place_of(page, "chat"), page.locator("#text")
    page.locator(".message p").dblclick()
    page.keyboard.type("In the channel")
    page.locator("#file-input").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    tea.click()
    expect(page.locator("#place-name")).to_have_text("Tea")
    for bar in ("#reply-bar", "#files"):
        expect(page.locator(bar)).to_be_hidden()
    expect(text).to_have_value("")
    write(page, "Hello")
    own = stage.wait_for_message("Hello", first.id)
    page.locator(f'.message[data-id="{own.id}"]').hover()
    text.fill("A draft")
    page.get_by_role("button", name="Edit").click()
    text.fill("Hello!")
    chat.click()
    expect(page.locator("#reply-bar")).to_have_text("Replying to Alice")
    expect(page.locator("#files li span")).to_have_text("a.txt")
    expect(text).to_have_value("In the channel")
    text.press("Enter")
    said = stage.wait_for_message("In the channel")
    assert (said.reference, [file.filename for file in said.attachments]) == (first.id, ["a.txt"])
    tea.click()
    expect(page.locator("#reply-bar")).to_have_text("Editing your message")
    expect(text).to_have_value("Hello!")
    text.press("Enter")
    expect(last_text(page)).to_have_text("Hello! (edited)")
    expect(text).to_have_value("A draft")
    chat.click()
    expect(page.locator("#place-name")).to_have_text("chat")
    expect(text).to_have_value("")
    discord.delete_channel(first.id)
    expect(page.locator(".place")).to_have_text(["chat"])


def begin_upload_in_thread(stage: Stage, page: Page) -> Tuple[int, List[Route]]:
    """Write with a file in a new thread "Tea"; return the thread and the upload, which waits to be let through."""
    uploads: List[Route] = []
    thread = stage.discord.add_thread("Tea", stage.discord.channel, stage.discord.say("Start"))
    page.route("**/attachments", lambda route: uploads.append(route))  # noqa: PLW0108 - Playwright marks the function
    place_of(page, "Tea").click()
    expect(page.locator("#place-name")).to_have_text("Tea")
    page.locator("#file-input").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    with page.expect_request("**/attachments"):
        write(page, "With a file")
    return thread, uploads


def test_a_message_goes_to_where_it_was_written_whatever_is_open_by_then(stage: Stage, page: Page) -> None:
    thread, uploads = begin_upload_in_thread(stage, page)
    place_of(page, "chat").click()
    expect(page.locator("#place-name")).to_have_text("chat")
    page.locator("#text").fill("With a file, too")
    uploads[0].continue_()
    assert stage.wait_for_message("With a file", thread).attachments
    expect(thread_of(page, "Start")).to_have_text("Tea1 message")
    expect(place_of(page, "Tea")).to_have_attribute("aria-label", "Tea")
    expect(page.locator("#text")).to_have_value("With a file, too")
    place_of(page, "Tea").click()
    expect(last_text(page)).to_have_text("With a file")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#files")).to_be_hidden()


def test_a_draft_of_a_thread_that_goes_comes_along(stage: Stage, page: Page) -> None:
    thread = stage.discord.add_thread("Tea", stage.discord.channel, stage.discord.say("Start"))
    page.locator("#text").fill("Here")
    place_of(page, "Tea").click()
    expect(page.locator("#place-name")).to_have_text("Tea")
    page.locator("#text").fill("There")
    stage.discord.delete_channel(thread)
    expect(page.locator("#place-name")).to_have_text("chat")
    expect(page.locator("#text")).to_have_value("Here\nThere")
    expect(page.locator(".thread")).to_have_count(0)
    page.locator(".message").hover()
    expect(page.get_by_role("button", name="Create Thread")).to_be_visible()


def test_what_a_thread_that_goes_has_not_taken_comes_back(stage: Stage, page: Page) -> None:
    thread, uploads = begin_upload_in_thread(stage, page)
    stage.discord.delete_channel(thread)
    expect(page.locator("#place-name")).to_have_text("chat")
    uploads[0].continue_()
    expect(page.locator("#notes")).to_have_text("This thread is not there any more.")
    expect(page.locator("#text")).to_have_value("With a file")
    expect(page.locator("#files li span")).to_have_text("a.txt")
    assert [entry.content for entry in stage.discord.messages()] == ["Start"]


def test_a_window_is_where_it_was_after_a_reload_and_the_browser_leads_back(stage: Stage, page: Page) -> None:
    thread = stage.discord.add_thread("Tea", stage.discord.channel, stage.discord.say("Start"))
    stage.discord.say("Inside", channel=thread)
    thread_of(page, "Start").click()
    expect(last_text(page)).to_have_text("Inside")
    page.reload()
    expect(page.locator(".message .text")).to_have_text(["Start", "Inside"])
    stage.restart()
    stage.bot_says("Answer", place=thread)
    expect(page.locator(".message .text")).to_have_text(["Start", "Inside", "Answer"])
    page.go_back()
    expect(page.locator("#place-name")).to_have_text("chat")
    page.go_forward()
    expect(page.locator("#place-name")).to_have_text("Tea")
    page.goto(f"{stage.url}/#12345")
    expect(page.locator("#place-name")).to_have_text("chat")
    expect(page).to_have_url(f"{stage.url}/")


def test_a_phone_leads_into_a_thread_and_back(stage: Stage, windows: Windows) -> None:
    page = windows.open(stage.url, locale="ja-JP", **PHONE)
    stage.discord.say("長い質問です。" * 20)
    page.locator(".message .text").tap()
    page.get_by_role("button", name="スレッドを作成").tap()
    expect(page.locator("#thread-dialog")).to_be_in_viewport(ratio=1)
    page.locator("#thread-dialog").get_by_role("button", name="スレッドを作成").tap()
    back = page.get_by_role("button", name="#chatに戻る")
    expect(back).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    write(page, "はい")
    expect(last_text(page)).to_have_text("はい")
    back.tap()
    expect(page.locator(".thread")).to_contain_text("1件のメッセージ")
    assert page.evaluate("document.querySelector('#scroller').scrollWidth") == 360
    page.locator(".thread").tap()
    expect(last_text(page)).to_have_text("はい")


def test_a_narrow_window_has_a_list_of_the_threads(stage: Stage, windows: Windows) -> None:
    page = windows.open(stage.url, **PHONE)
    toggle, tea = page.locator("#threads-toggle"), place_of(page, "Tea")
    expect(page.locator(".message")).to_have_count(0)
    expect(toggle).to_be_hidden()
    start = stage.discord.say("Start")
    thread = stage.discord.add_thread("Tea", stage.discord.channel, start)
    stage.discord.delete(start)
    expect(toggle).to_be_in_viewport(ratio=1)
    expect(toggle).to_have_attribute("aria-label", "Threads (unread)")
    expect(toggle).to_have_class(re.compile("unread"))
    expect(tea).to_be_hidden()
    toggle.tap()
    expect(tea).to_be_in_viewport(ratio=1)
    expect(tea).to_have_attribute("aria-label", "Tea (unread)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tea.tap()
    expect(page.locator("#place-name")).to_have_text("Tea")
    expect(tea).to_be_hidden()
    expect(toggle).to_have_attribute("aria-label", "Threads")
    stage.discord.say("Outside")
    expect(toggle).to_have_attribute("aria-label", "Threads (unread)")
    toggle.tap()
    expect(place_of(page, "chat")).to_have_attribute("aria-label", "chat (unread)")
    page.keyboard.press("Escape")
    expect(tea).to_be_hidden()
    stage.discord.delete_channel(thread)
    expect(page.locator("#place-name")).to_have_text("chat")
    expect(toggle).to_be_hidden()


def test_the_open_one_of_many_threads_is_in_sight(stage: Stage, page: Page) -> None:
    for number in range(50):
        stage.discord.add_thread(f"Thread {number}", stage.discord.channel, stage.discord.say("Start"))
    expect(page.locator(".thread")).to_have_count(50)
    thread_of(page, "Start").last.click()
    expect(page.locator("#place-name")).to_have_text("Thread 49")
    expect(place_of(page, "Thread 49")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#threads-toggle").press("Enter")
    expect(place_of(page, "Thread 49")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#sidebar")).to_have_css("width", "232px")


def test_buttons_commands_and_typing_work_in_a_thread(stage: Stage, page: Page) -> None:
    stage.bot_registers(STOP)
    thread = stage.discord.add_thread("Tea", stage.discord.channel, stage.discord.say("Start"))
    place_of(page, "Tea").click()
    expect(page.locator("#place-name")).to_have_text("Tea")
    type_command(page, "stop ")
    page.locator("#text").press("Enter")
    use = stage.next_interaction(2)
    assert use.channel_id == thread
    stage.bot_answers(use, content="Nothing to stop", flags=64)
    expect(page.locator(".message.private .text")).to_have_text("Nothing to stop")
    stage.bot_says("Answer", place=thread, components=row_of({"label": "Stop", "custom_id": "stop"}))
    page.locator(".message .button").click()
    assert stage.next_interaction(3).channel_id == thread
    page.locator("#text").press_sequentially("x")
    stage.wait_for(lambda: [typing.channel_id for typing in stage.discord.typing] == [thread])
    stage.discord.start_typing(stage.discord.bot, thread)
    expect(page.locator("#typing")).to_have_text("Chatbot is typing…")
    place_of(page, "chat").click()
    expect(page.locator("#typing")).to_be_empty()


def test_the_panel_is_the_places_own_but_for_what_the_model_says(stage: Stage, page: Page) -> None:
    thread = stage.discord.add_thread("Tea", stage.discord.channel, stage.discord.say("Start"))
    chat = TapChat(1, time.monotonic())
    stage.model_says(chat, chat.started, 5)
    stage.rest("POST", f"channels/{thread}/messages", {"content": f"Hello{CURSOR}"})
    (_, answer) = stage.discord.messages(thread)
    expect(page.locator("#shown")).to_have_text("5")
    stage.rest("PATCH", f"channels/{thread}/messages/{answer.id}", {"content": "Hello!"})
    chat.ended = time.monotonic()
    stage.model_says(chat, chat.ended, 6)
    expect(page.locator("#shown")).to_have_text("6")
    expect(page.locator("#calls-count")).to_have_text("None yet.")
    place_of(page, "Tea").click()
    expect(page.locator("#calls li .call-name")).to_have_text(["create", "edit"])
    expect(page.locator(".lamp.used")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("6")
    expect(page.locator("#shown")).to_have_text("6")
    place_of(page, "chat").click()
    expect(page.locator("#calls li")).to_have_count(0)
    expect(page.locator(".lamp.used")).to_have_count(0)
    expect(page.locator("#shown")).to_have_text("6")


def test_the_real_bot_knows_in_a_thread_what_was_said_there(
    stage: Stage, page: Page, llm: LocalLLM, tmp_path: Path
) -> None:
    stage.run(stage.tap.open(llm.url))
    settings = settings_for(stage.discord, llm, LLM_HOST=stage.tap.url, LLM_PORT=int(stage.tap.url.rsplit(":", 1)[1]))
    with BotProcess(stage.discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        write(page, "My name is Kana")
        begin_thread(page, "My name is Kana").press("Enter")
        expect(page.locator("#back")).to_be_visible()
        chats: List[Chat] = []
        for question, answer in (("What is tea?", "A drink."), ("And coffee?", "Another.")):
            write(page, f"!chat {question}")
            chats.append(llm.next_chat())
            chats[-1].say(answer)
            chats[-1].finish()
            expect(last_text(page)).to_have_text(re.compile(f"^{re.escape(answer)}"))
        asked = [message["content"] for message in chats[-1].json["messages"] if message["role"] != "system"]
        known = ["My name is Kana", "What is tea?", "A drink.", "And coffee?"]
        assert [text.split(": ")[-1] for text in asked] == known
        expect(page.locator(".quote-text")).to_have_text(["!chat What is tea?", "!chat And coffee?"])
        expect(page.locator("#calls .call-name", has_text="read").first).to_be_visible()
        expect(page.locator("#calls .call-name", has_text="/channels")).to_have_count(0)
    assert stage.discord.unexpected == ()


# Behind the scenes


def test_the_panel_shows_calls_budget_characters_and_lag(stage: Stage, page: Page) -> None:
    discord = stage.discord
    question = discord.say("!chat Hello")
    url = f"{discord.url}/api/v10/channels/{discord.channel}/messages"
    headers = {"Authorization": f"Bot {discord.token}"}
    chat = TapChat(1, time.monotonic())
    stage.model_says(chat, time.monotonic() - 3, 5)
    stage.model_says(chat, time.monotonic() - 2, 400)
    body = {"content": f"Hello{CURSOR}", "message_reference": {"message_id": str(question.id)}}
    answer = requests.post(url, json=body, headers=headers, timeout=5).json()["id"]
    for _ in range(6):
        requests.patch(f"{url}/{answer}", json={"content": f"Hello!{CURSOR}"}, headers=headers, timeout=5)
    expect(page.locator("#calls li")).to_have_count(7)
    expect(page.locator("#calls .refused .status")).to_have_text("429")
    expect(page.locator("#calls .call-time").first).to_have_text(re.compile(r"^\+0\.\d\d s$"))
    expect(page.locator("#calls-count")).to_have_text("7, 1 refused")
    expect(page.locator(".lamp.used")).to_have_count(5)
    expect(page.locator("#said")).to_have_text("400")
    expect(page.locator("#shown")).to_have_text("6")
    expect(page.locator("#lag-text")).to_have_text(re.compile(r"^[2-9]\.\d s$"))
    chat.ended = time.monotonic()
    stage.model_says(chat, chat.ended, 401)
    stage.bot_edits(discord.message(int(answer)), "Hello! …")
    expect(page.locator("#shown")).to_have_text("401")
    expect(page.locator("#lag-text")).to_have_text("0.0 s")


def test_the_calls_of_a_new_run_are_counted_anew(stage: Stage, page: Page, windows: Windows) -> None:
    discord = stage.discord
    url = f"{discord.url}/api/v10/channels/{discord.channel}/messages"
    headers = {"Authorization": f"Bot {discord.token}"}
    for _ in range(2):
        requests.post(url, json={"content": "Hello"}, headers=headers, timeout=5)
    expect(page.locator("#calls-count")).to_have_text("2")
    stage.restart()
    requests.patch(f"{url}/1", json={"content": "Hello"}, headers=headers, timeout=5)
    expect(page.locator("#calls-count")).to_have_text("1, 1 refused")
    expect(page.locator("#calls .refused .status")).to_have_text("404")
    windows.errors[:] = [error for error in windows.errors if "WebSocket connection" not in error]


def test_the_panel_folds_and_stays_folded(page: Page) -> None:
    expect(page.locator("#panel")).to_be_visible()
    page.locator("#panel-toggle").click()
    expect(page.locator("#panel")).to_be_hidden()
    page.reload()
    expect(page.locator("#my-name-text")).to_have_text("Guest 1")
    expect(page.locator("#panel")).to_be_hidden()
    page.locator("#panel-toggle").click()
    expect(page.locator("#panel")).to_be_visible()


# Keyboard, screen reader, phone, language


def test_a_keyboard_reaches_everything(stage: Stage, page: Page) -> None:
    stage.discord.add_thread("talk", stage.discord.channel, stage.discord.say("First"))
    stage.discord.say("Second", author=stage.discord.person("Bob"))
    expect(last_text(page)).to_have_text("Second")
    page.locator("#text").focus()
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    controls = {"my-name", "panel-toggle", "message", "icon-button", "hint", "attach", "text", "calls", "panel-close"}
    controls.add("place")
    assert controls <= {name.split(" ")[0] for name in reached}
    page.locator('.message[tabindex="0"]').focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".message").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".thread")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("r")
    expect(page.locator("#reply-bar")).to_have_text("Replying to Alice")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    assert stage.wait_for_message("By keyboard").reference == stage.discord.messages()[0].id


def test_focus_is_visible(page: Page) -> None:
    page.locator("#text").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"


def test_a_screen_reader_hears_an_answer_once_at_its_end(stage: Stage, page: Page) -> None:
    announcer = page.locator("#announcer")
    expect(announcer).to_have_attribute("aria-live", "polite")
    answer = stage.bot_says(f"One{CURSOR}")
    stage.bot_edits(answer, f"One two{CURSOR}")
    expect(last_text(page)).to_contain_text("One two")
    expect(announcer).to_be_empty()
    stage.bot_edits(answer, "One **two** three")
    expect(announcer.locator("p")).to_have_text(["Chatbot: One two three"])
    stage.discord.say("Hello")
    expect(announcer.locator("p")).to_have_text(["Chatbot: One two three", "Alice: Hello"])


def test_each_control_has_a_name(stage: Stage, page: Page) -> None:
    stage.bot_says(
        "Answer", reply_to=stage.discord.say("Question"), components=row_of({"label": "A", "custom_id": "a"})
    )
    expect(last_text(page)).to_have_text("Answer")
    unnamed = page.evaluate("""[...document.querySelectorAll('button, input:not([type=file]), textarea, a')]
        .filter((control) => !control.textContent.trim() && !control.getAttribute('aria-label'))
        .filter((control) => !control.labels?.length)
        .map((control) => control.outerHTML)""")
    assert unnamed == []


def test_a_phone_shows_all_without_scrolling_sideways(stage: Stage, windows: Windows) -> None:
    buttons = [{"label": f"A long label {number}", "custom_id": str(number)} for number in range(5)]
    stage.bot_says("```\n" + "x" * 200 + "\n```\n" + "y" * 200 + "\n| a | b |", components=row_of(*buttons))
    page = windows.open(stage.url, **PHONE)
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator("#panel")).to_be_hidden()
    wide = "document.documentElement.scrollWidth + document.querySelector('#scroller').scrollWidth"
    assert page.evaluate(wide) == 2 * 360
    page.locator("#panel-toggle").tap()
    expect(page.locator("#panel")).to_be_in_viewport()
    assert page.evaluate(wide) == 2 * 360
    page.locator("#panel-close").tap()
    write(page, "From a phone")
    stage.wait_for_message("From a phone")
    expect(last_text(page)).to_be_in_viewport()


def test_a_japanese_browser_gets_japanese_texts(stage: Stage, windows: Windows) -> None:
    page = windows.open(stage.url, locale="ja-JP")
    expect(page.locator("#my-name-text")).to_have_text("ゲスト 1")
    expect(page.locator("#text")).to_have_attribute("placeholder", "#chatへメッセージを送信")
    expect(page.locator("html")).to_have_attribute("lang", "ja")


def test_both_languages_have_the_same_sentences() -> None:
    source = (STATIC / "words.js").read_text(encoding="utf-8")
    english, japanese = (source.split(f"const {name} = {{")[1].split("\n};")[0] for name in ("ENGLISH", "JAPANESE"))
    names = re.compile(r"^  (\w+): ", re.MULTILINE)
    assert names.findall(english) == names.findall(japanese)
    used = re.findall(r'data-(?:text|label|title)="(\w+)"', (STATIC / "index.html").read_text(encoding="utf-8"))
    assert set(used) <= set(names.findall(english))


def test_what_happens_above_does_not_move_who_reads_there(stage: Stage, page: Page) -> None:
    for number in range(60):
        stage.discord.say(f"Line {number}")
    expect(last_text(page)).to_have_text("Line 59")
    expect(page.locator(".message").last).to_be_in_viewport()
    page.locator(".message").nth(10).scroll_into_view_if_needed()
    expect(page.locator("#jump")).to_be_visible()
    before = page.locator("#scroller").evaluate("(scroller) => scroller.scrollTop")
    stage.bot_says("News")
    expect(last_text(page)).to_have_text("News")
    assert page.locator("#scroller").evaluate("(scroller) => scroller.scrollTop") == before
    page.locator("#jump").click()
    expect(last_text(page)).to_be_in_viewport()
    expect(page.locator("#jump")).to_be_hidden()
