#!/usr/bin/env python3
"""The tagger inside the running server: every submitted note changes what it suggests on the next ones.

    CONSILIUM_BINARY=build/release/src/consilium tests/api/test_tagger.py
"""
import json
import sys
import time

from client import ROOT, Server, new_id
from tally import Tally, tests_of
from test_api import World

PROBLEMS = ["asthma", "gout", "sepsis", "severe anaemia"]
DRUGS = ["aspirin", "warfarin", "insulin", "digoxin"]
NOTES = 16


def made_note(i):
    """The text, and where its problem and its drug stand."""
    problem, drug = PROBLEMS[i % 4], DRUGS[i // 2 % 4]
    head = "Seen today. Known "
    middle = " for years.\nTakes "
    begin = len(head) + len(problem) + len(middle)
    return (head + problem + middle + drug + " every day.", (len(head), len(head) + len(problem)), (begin, begin + len(drug)))


def made_project(world: World, order: str):
    project = new_id()
    path = f"/api/v1/projects/{project}"
    settings = {"name": f"Tagged by {order}", "description": "", "deid_at": "import", "readers_per_item": 1}
    assert world.admin.put(path, settings).status in (200, 201)
    lead, reader = (world.add(f"{role}-of-tagged-{order}", [], project, [role]) for role in ("lead", "rater"))
    protocol = (ROOT / "protocols/note-problems.yaml").read_text(encoding="utf-8")
    protocol = protocol.replace("reader_plan:\n  readers: 2\n", f"reader_plan:\n  readers: 1\n  order: {order}\n")
    assert f"order: {order}" in protocol
    put = lead.put(f"{path}/protocol", {"yaml": protocol})
    assert put.status in (200, 201), put.body
    lines = "".join(json.dumps({"id": f"n{i}", "patient": f"MRN-{i}", "date": "2019-03-11", "text": made_note(i)[0]}) + "\n"
                    for i in range(NOTES))
    upload = f"{path}/imports/{new_id()}"
    assert lead.put(upload, {"name": "notes"}).status in (200, 201)
    sent = lead.request("PUT", f"{upload}/files/1?path=notes.jsonl", body=lines.encode(),
                        headers={"Content-Type": "application/octet-stream"})
    assert sent.status in (200, 201), sent.body
    assert lead.post(f"{upload}/finish").status in (200, 202)
    for _ in range(200):
        items = lead.get(f"{path}/items?limit=100").json()["items"]
        if len(items) == NOTES:
            return path, [item["id"] for item in sorted(items, key=lambda item: item["number"])], lead, reader
        time.sleep(0.1)
    raise AssertionError("the notes did not come in")


def annotation(item, label, begin, end):
    attributes = ({"assertion": "present", "time": "current", "subject": "patient"} if label == "problem"
                  else {"medication_status": "started"})
    return {"id": new_id(), "item_id": item, "protocol": {"id": "note-problems", "version": "1.0.0"}, "label": label,
            "target": {"type": "spans", "ranges": [[begin, end]]}, "question": None, "value": None, "attributes": attributes}


def read_note(path, item, i, reader, with_drug):
    """Labels the note through the interface and submits it."""
    task = reader.post(f"{path}/items/{item}/task").json()["id"]
    _, problem, drug = made_note(i)
    kind = {"id": new_id(), "item_id": item, "protocol": {"id": "note-problems", "version": "1.0.0"}, "label": None,
            "target": {"type": "whole"}, "question": "document_type", "value": "progress_note", "attributes": {}}
    said = [kind, annotation(item, "problem", *problem)] + ([annotation(item, "medication", *drug)] if with_drug else [])
    for one in said:
        put = reader.put(f"{path}/items/{item}/annotations/{one['id']}", one)
        assert put.status == 201, put.body
    done = reader.post(f"{path}/tasks/{task}/submit", {"duration_s": 30})
    assert done.status == 200, done.body


def suggested(path, item, lead):
    """What models say of an item: {(label, surface)}, their versions, and the rows."""
    rows = lead.get(f"{path}/items/{item}/annotations?rater=all").json()["items"]
    rows = [row for row in rows if row["rater"]["kind"] == "model"]
    return ({(row["label"], row.get("surface")) for row in rows if row["label"]},
            {row["comment"].split(":")[0] for row in rows}, rows)


def wait_for(what):
    for _ in range(300):
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("the tagger did not come to it")


def test_suggestions_follow_labels(world: World):
    """Labels of one kind, then of two: the same later note gets other suggestions of another version, with evidence."""
    path, items, lead, reader = made_project(world, "number")
    watched = items[9]
    _, problem, drug = made_note(9)
    text = made_note(9)[0]
    assert suggested(path, watched, lead)[0] == set()
    for i in range(7):
        read_note(path, items[i], i, reader, with_drug=False)
    first = wait_for(lambda: (found := suggested(path, watched, lead))[0] and "from 7 notes" in found[2][0]["comment"] and found)
    assert first[0] == {("problem", text[slice(*problem)])}, first[0]
    assert len(first[1]) == 1 and next(iter(first[1])).startswith("version "), first[1]
    for row in first[2]:
        assert 0.5 <= row["measurements"]["probability"]["number"] <= 1, row
        assert row["rater"]["display_name"] == "note tagger", row

    for i in (7, 8):
        read_note(path, items[i], i, reader, with_drug=True)
    second = wait_for(lambda: (found := suggested(path, watched, lead))[0] and "from 9 notes" in found[2][0]["comment"] and found)
    assert second[1] != first[1], "the tagger is static"
    assert len(second[1]) == 1, second[1]  # the older version's word is taken back
    assert ("problem", text[slice(*problem)]) in second[0], second[0]

    # Both versions are one rater of the panel.
    raters = lead.get(f"{path}/panel").json()["raters"]
    assert [rater["name"] for rater in raters if rater["kind"] == "model"] == ["note tagger"], raters

    # The reader takes them over as drafts of their own.
    assert reader.post(f"{path}/items/{watched}/task").status in (200, 201)
    listed = reader.get(f"{path}/items/{watched}/suggestions").json()["items"]
    assert [one["rater"]["display_name"] for one in listed] == ["note tagger"], listed
    taken = reader.post(f"{path}/items/{watched}/suggestions/{listed[0]['rater']['id']}/take")
    assert taken.status == 200 and taken.json()["annotations"] == len(second[2]), taken.body
    own = reader.get(f"{path}/items/{watched}/annotations").json()["items"]
    assert {row["state"] for row in own} == {"draft"}, own


def test_next_note_by_gain(world: World):
    """Where the protocol orders by gain, the worklist offers the note that the tagger labelled first."""
    path, items, lead, reader = made_project(world, "gain")
    for i in range(3):
        read_note(path, items[i], i, reader, with_drug=True)
    labelled = wait_for(lambda: [item for item in items if (s := suggested(path, item, lead))[2]
                                 and "from 3 notes" in s[2][0]["comment"]])
    given = reader.post(f"{path}/tasks/next", {}).json()
    assert given["item"]["id"] in labelled, (given["item"]["number"], labelled)


def main() -> int:
    tally = Tally()
    with Server() as server:
        world = World(server)
        for name, test in tests_of(globals()):
            tally.case(name, test, world)
        tally.check("the server ends in order", server.stop() == 0)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
