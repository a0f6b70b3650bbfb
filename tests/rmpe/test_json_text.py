"""JSON that would lose a value, or take more memory than there is."""

import json
import tracemalloc

import pytest

from rmpe import json_text
from rmpe.json_text import JsonError, memory_needed, parse_json


@pytest.mark.parametrize(
    "content",
    [b'{"id": 1, "id": 1}', b'[{"a": [{"id": 1, "b": 2, "id": 3}]}]', b'{"id":1,"\\u0069d":2}'],
)
def test_a_key_twice(content):
    with pytest.raises(JsonError, match="^an object has the key 'id' twice; remove one of the two"):
        parse_json(content)


@pytest.mark.parametrize("content", ['{"a": {"a": 1}, "A": [{"a": 2}, {"a": 3}]}', "{}", "[1.5]"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_values_are_those_of_json(content, encoding):
    assert parse_json(content.encode(encoding)) == json.loads(content)


@pytest.mark.parametrize(
    "part",
    ["{}", "[]", "[0]", '{"":0}', '{"":{}}', "1.5", "999", "[[[]]]", '{"a":{"b":{}}}', '"a"',
     '"' + "a" * 50 + '\U0001f600"', '"\\ud83d\\ude00aaaaaaaaaaaaaaaaa"', '{"a":1,"b":2,"c":3}',
     '{"image_id":1,"category_id":1,"bbox":[1.5,2.5,3.5,4.5],"score":0.5}'],
)  # fmt: skip
def test_values_take_no_more_than_estimated(part):
    """And not so little that files of annotations are refused where memory holds them."""
    content = f"[{','.join([part] * 20_000)}]".encode()
    peak = _peak(content)
    assert peak <= memory_needed(content) <= 8 * peak + 4 * len(content)


def test_one_object_of_many_keys_takes_no_more_than_estimated():
    content = json.dumps({f"{i:x}": 0 for i in range(20_000)}).encode()
    assert _peak(content) <= memory_needed(content)


def _peak(content):
    tracemalloc.start()
    try:
        value = parse_json(content)
        peak = tracemalloc.get_traced_memory()[1]
        del value
        return peak
    finally:
        tracemalloc.stop()


def test_more_than_the_free_memory_is_refused_before_it_is_made(monkeypatch):
    content = b"[" + b"{}," * (1 << 19) + b"{}]"
    monkeypatch.setattr(json_text, "free_memory", lambda: 40 << 20)
    with pytest.raises(
        JsonError, match=r"would take about \d{3} MiB of memory, and 40 MiB are free"
    ):
        parse_json(content)
    monkeypatch.setattr(json_text, "free_memory", lambda: 400 << 20)
    assert len(parse_json(content)) == (1 << 19) + 1
    monkeypatch.setattr(json_text, "free_memory", lambda: None)
    assert len(parse_json(content)) == (1 << 19) + 1


def test_memory_that_ends_after_all(monkeypatch):
    def loads(*_, **__):
        raise MemoryError

    monkeypatch.setattr(json_text.json, "loads", loads)
    with pytest.raises(JsonError, match="memory does not hold its values"):
        parse_json(b"[]")
