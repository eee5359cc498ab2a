#!/usr/bin/env python3
"""The HTTP interface of the real program: rights of every route for every role, sign-in, CSRF, limits, streams, races.

    CONSILIUM_BINARY=build/release/src/consilium tests/api/test_api.py
"""
import concurrent.futures
import csv
import http.client
import json
import sys
import threading
import time

from client import PASSWORD, ROOT, Client, Server, new_id
from tally import Tally, tests_of

PROJECT_ROLES = ["rater", "reviewer", "adjudicator", "lead", "ml_export"]
POLICY = {row["operation"]: row for row in csv.DictReader(open(ROOT / "src/transport/api/policy.csv"))}


class World:
    """One server with a person for each role, all in one project, and a stranger in another."""

    def __init__(self, server: Server):
        self.server = server
        self.admin = server.client()
        assert self.admin.use_link(server.first_link).status == 200
        self.project, self.other_project = new_id(), new_id()
        settings = {"name": "One", "description": "", "deid_at": "import", "readers_per_item": 2}
        assert self.admin.put(f"/api/v1/projects/{self.project}", settings).status in (200, 201)
        assert self.admin.put(f"/api/v1/projects/{self.other_project}", settings | {"name": "Two"}).status in (200, 201)
        self.people = {"administrator": self.admin}
        for role in PROJECT_ROLES:
            self.people[role] = self.add(role, [], self.project, [role])
        self.people["compliance"] = self.add("compliance", ["compliance"], None, [])
        self.people["person"] = self.add("bystander", [], None, [])
        self.stranger = self.add("stranger", [], self.other_project, PROJECT_ROLES)

    def add(self, name, roles, project, project_roles) -> Client:
        person = new_id()
        made = self.admin.put(f"/api/v1/people/{person}", {"name": name, "display_name": f"Dr {name}", "roles": roles})
        assert made.status == 201, made.body
        client = self.server.client()
        answer = client.use_link(made.json()["link"]["url"].split("link=")[1])
        assert answer.status == 200, answer.body
        if project:
            put = self.admin.put(f"/api/v1/projects/{project}/members/{person}", {"roles": project_roles})
            assert put.status in (200, 201), put.body
        return client


def operations(client: Client):
    document = client.get("/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def concrete(path: str, world: World) -> str:
    out = []
    for segment in path.split("/"):
        if segment == "{project_id}":
            out.append(world.project)
        elif segment in ("{index}", "{file_number}"):
            out.append("1")
        elif segment == "{token}":
            out.append("none")
        elif segment == "{grid_id}":
            out.append("0" * 64)
        elif segment.startswith("{"):
            out.append(new_id())
        else:
            out.append(segment)
    return "/".join(out)


def test_every_route_and_role(world: World):
    """No role gets further than policy.csv says; a stranger sees 404; nobody without signing in."""
    nobody = world.server.client()
    skipped = {"stream_events", "sign_out", "sign_in", "use_link"}
    for path, method, operation in operations(world.admin):
        name = operation["operationId"]
        if name in skipped:
            continue
        row = POLICY[name]
        address = concrete(path, world)
        if row["public"]:
            assert nobody.request(method, address).status not in (401, 403), name
            continue
        assert nobody.request(method, address).status == 401, name
        for role, client in world.people.items():
            status = client.request(method, address).status
            allowed = bool(row[role] or row["person"])
            assert status < 500, (name, role, status)
            if not allowed:
                expected = 404 if role == "person" and "{project_id}" in path else 403
                assert status == expected, (name, role, status)
            else:
                assert status not in (401, 403), (name, role, status)
        if "{project_id}" in path:
            assert world.stranger.request(method, address).status == 404, name


def test_unknown_things(world: World):
    assert world.admin.get("/api/v1/nothing").status == 404
    assert world.admin.get("/api/v2/me").status == 404
    answer = world.admin.request("DELETE", "/api/v1/health")
    assert answer.status == 405 and answer.headers["Allow"] == "GET"
    assert world.admin.get("/api/v1/projects/not-an-id").status == 404
    problem = world.admin.get(f"/api/v1/projects/{new_id()}")
    assert problem.status == 404 and problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "not_found"


def test_headers(world: World):
    headers = world.admin.get("/api/v1/me").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    cookie = world.server.client().sign_in("rater").headers["Set-Cookie"]
    for part in ("__Host-consilium=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert part in cookie, cookie


def test_csrf(world: World):
    """A session's unsafe request needs its token and this server's own origin."""
    client, path = world.people["rater"], "/api/v1/me/tokens"
    body = {"name": "x", "scopes": ["read"]}
    assert client.post(path, body, csrf=False).status == 403
    assert client.post(path, body, headers={"X-CSRF-Token": world.admin.csrf}).status == 403
    assert client.post(path, body, headers={"Origin": "https://evil.example"}).status == 403
    assert client.post(path, body, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert client.post(path, body, headers={"Origin": f"http://localhost:{client.port}"}).status == 201
    foreign = world.server.client().post("/api/v1/sign_in", {"name": "rater", "password": PASSWORD},
                                         headers={"Origin": "https://evil.example"})
    assert foreign.status == 403


def test_tokens(world: World):
    made = world.people["lead"].post("/api/v1/me/tokens", {"name": "script", "scopes": ["read"]}).json()
    program = world.server.client(made["token"])
    assert program.get("/api/v1/projects").status == 200
    assert program.get(f"/api/v1/projects/{world.project}/imports").status == 403  # scope "import"
    assert program.get("/api/v1/me/tokens").status == 403  # people only
    assert world.people["lead"].delete(f"/api/v1/me/tokens/{made['id']}").status == 204
    assert program.get("/api/v1/projects").status == 401
    assert world.server.client("csl_guess").get("/api/v1/me").status == 401


def test_sign_in_and_limits(world: World):
    client = world.server.client()
    assert client.sign_in("rater", "wrong password").status == 401
    assert client.sign_in("nobody at all", "wrong password").status == 401
    statuses = [world.server.client().sign_in("reviewer", "wrong password").status for _ in range(8)]
    assert statuses[0] == 401 and statuses[-1] == 429, statuses
    assert client.sign_in("rater").status == 200
    assert client.get("/api/v1/me").json()["person"]["initials"] == "r"
    sign_ins = client.get("/api/v1/me/sign_ins").json()["items"]
    assert sum(s["current"] for s in sign_ins) == 1
    assert client.post("/api/v1/sign_out").status == 204
    assert client.get("/api/v1/me").status == 401


def test_bodies(world: World):
    path = f"/api/v1/people/{new_id()}"
    good = {"name": "new", "display_name": "New", "roles": []}
    unknown = world.admin.put(path, good | {"admin": True})
    assert unknown.status == 422 and unknown.json()["violations"][0]["path"] == "/admin"
    assert world.admin.put(path, good | {"roles": ["king"]}).status == 422
    assert world.admin.put(path, {"name": "new"}).status == 422
    assert world.admin.request("PUT", path, body="{", headers={"Content-Type": "application/json"}).status == 422
    assert world.admin.request("PUT", path, body="a=b", headers={"Content-Type": "text/plain"}).status == 415
    assert world.admin.request("PUT", path, body="[" * 5000, headers={"Content-Type": "application/json"}).status == 422
    assert world.admin.put(path, good | {"display_name": "x" * (2 << 20)}).status == 413
    assert world.admin.get("/api/v1/projects?limit=x").status == 422


def test_idempotent_put(world: World):
    path = f"/api/v1/people/{new_id()}"
    body = {"name": "twice", "display_name": "Twice", "roles": []}
    first, second = world.admin.put(path, body), world.admin.put(path, body)
    assert first.status == 201 and "link" in first.json()
    assert second.status == 200 and "link" not in second.json()
    assert first.json()["person"] == second.json()["person"]


def test_if_match_race(world: World):
    """Of many who replace the same revision one wins, the others get 412 with the stored one."""
    project = new_id()
    settings = {"name": "Race", "description": "", "deid_at": "import", "readers_per_item": 1}
    path = f"/api/v1/projects/{project}"
    assert world.admin.put(path, settings).status in (200, 201)
    lead = world.add("racer", [], project, ["lead"])
    revision = lead.get(path).json()["revision"]

    def change(number):
        return lead.put(path, settings | {"description": str(number)}, headers={"If-Match": f'"{revision}"'})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(change, range(8)))
    statuses = sorted(a.status for a in answers)
    assert statuses == [200] + [412] * 7, statuses
    lost = next(a for a in answers if a.status == 412).json()
    assert lost["current"]["revision"] == revision + 1, lost


def test_streaming_upload(world: World):
    """300 MB go to the disk without going through memory."""
    lead = world.people["lead"]
    path = f"/api/v1/projects/{world.project}/imports/{new_id()}"
    assert lead.put(path, {"name": "large"}).status in (200, 201)
    size, piece = 300 << 20, b"x" * (1 << 20)

    def pieces():
        for _ in range(size // len(piece)):
            yield piece

    world.server.forget_peak()  # 64 MiB for each password that was hashed
    began = time.monotonic()
    answer = lead.request("PUT", f"{path}/files/1?path=large.bin", body=pieces(),
                          headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"})
    seconds = time.monotonic() - began
    assert answer.status in (200, 201), answer.body
    assert answer.json()["size_bytes"] == size
    peak = world.server.peak_mb()
    print(f"    300 MB in {seconds:.1f} s, the server's peak was {peak:.0f} MB")
    assert peak < 150, peak


def made_note_project(world: World):
    """A project of one note, two readers who differ on it, and people to settle it."""
    project = new_id()
    settings = {"name": "Settled", "description": "", "deid_at": "import", "readers_per_item": 2}
    path = f"/api/v1/projects/{project}"
    assert world.admin.put(path, settings).status in (200, 201)
    people = {role: world.add(f"{role}-of-review", [], project, roles) for role, roles in {
        "lead": ["lead"], "first": ["rater"], "second": ["rater"], "reviewer": ["reviewer"],
        "adjudicator": ["adjudicator"], "both": ["rater", "adjudicator"]}.items()}
    protocol = (ROOT / "protocols/note-problems.yaml").read_text(encoding="utf-8")
    put = people["lead"].put(f"{path}/protocol", {"yaml": protocol})
    assert put.status in (200, 201), put.body
    note = json.dumps({"id": "n1", "patient": "MRN-1", "date": "2019-03-11", "text": "Known asthma. No pneumonia seen."}) + "\n"
    upload = f"{path}/imports/{new_id()}"
    assert people["lead"].put(upload, {"name": "notes"}).status in (200, 201)
    sent = people["lead"].request("PUT", f"{upload}/files/1?path=notes.jsonl", body=note.encode(),
                                  headers={"Content-Type": "application/octet-stream"})
    assert sent.status in (200, 201), sent.body
    assert people["lead"].post(f"{upload}/finish").status in (200, 202)
    for _ in range(100):
        items = people["lead"].get(f"{path}/items").json()["items"]
        if items:
            return path, f"{path}/items/{items[0]['id']}", items[0]["id"], people
        time.sleep(0.1)
    raise AssertionError("the note did not come in")


def test_review(world: World):
    """Blinded readers see nothing of others, strangers not even the item; names come with the adjudication, not before."""
    path, item, item_id, people = made_note_project(world)
    opinions, adjudication = f"{item}/opinions", f"{item}/adjudication"
    empty = {"decisions": [], "reason": ""}
    tasks = {}
    for reader in ("first", "second"):
        tasks[reader] = people[reader].post(f"{item}/task").json()["id"]
        answer = {"id": new_id(), "item_id": item_id, "protocol": {"id": "note-problems", "version": "1.0.0"},
                  "label": None, "target": {"type": "whole"}, "question": "document_type",
                  "value": "other" if reader == "first" else "progress_note", "attributes": {}}
        assert people[reader].put(f"{item}/annotations/{answer['id']}", answer).status == 201
    for reader in ("first", "second"):
        assert people[reader].get(f"{path}/review").status == 403
        assert people[reader].get(opinions).status == 403
        assert people[reader].put(adjudication, empty).status == 403
        assert people[reader].get(f"{item}/annotations?rater=all").status == 403
        assert people[reader].get(f"{item}/masks/{'0' * 64}/bricks?opinion=A").status == 403
    assert world.stranger.get(f"{path}/review").status == 404
    assert world.stranger.get(opinions).status == 404
    assert world.stranger.put(adjudication, empty).status == 404
    assert people["reviewer"].put(adjudication, empty).status == 403
    assert people["adjudicator"].put(adjudication, empty).status == 409  # the readers are at it
    for reader in ("first", "second"):
        assert people[reader].post(f"{path}/tasks/{tasks[reader]}/submit", {"duration_s": 10}).status == 200
        assert people[reader].get(opinions).status == 403  # done, and still no reviewer

    listed = people["adjudicator"].get(f"{path}/review").json()
    assert listed["total"] == 1 and listed["items"][0]["reason"] == "disagreement", listed
    assert listed["items"][0]["open"] == 1 and listed["items"][0]["state"] == "open", listed
    shown = people["adjudicator"].get(opinions)
    names = [people[reader].me["person"][key] for reader in ("first", "second") for key in ("id", "display_name")]
    assert shown.json()["names_hidden"] and not any(name in shown.body.decode() for name in names), shown.body
    everywhere = people["reviewer"].get(f"{item}/annotations?rater=all").body.decode()
    assert not any(name in everywhere for name in names), everywhere
    difference = shown.json()["differences"][0]
    assert [o["key"] for o in shown.json()["opinions"]] == ["A", "B"] and difference["what"] == "answer"

    refused = people["adjudicator"].put(adjudication, empty)
    assert refused.status == 422 and refused.json()["violations"], refused.body
    request = {"decisions": [{"difference_id": difference["id"], "take": "choice", "class": "other"}],
               "reason": "the letterhead", "gold": True}
    done = people["adjudicator"].put(adjudication, request)
    assert done.status == 200 and not done.json()["names_hidden"], done.body
    assert all(name in done.body.decode() for name in names)
    assert done.json()["adjudication"]["gold"] and done.json()["differences"][0]["settled"]["class"] == "other"
    assert people["adjudicator"].put(adjudication, request).json() == done.json()  # repeated: nothing new
    assert people["reviewer"].get(f"{path}/review").json()["items"][0]["state"] == "settled"
    # Whoever weighed the opinions is no reader of the item any more.
    assert people["both"].get(opinions).status == 200
    assert people["both"].post(f"{item}/task").status == 409
    trail = people["lead"].get(f"/api/v1/audit?project={path.split('/')[-1]}&item={item_id}&limit=500").json()["items"]
    assert sum(event["type"] == "item.adjudicated" for event in trail) == 1, trail
    assert any(event["type"] == "item.read" and event["fields"].get("purpose") == "review" for event in trail), trail


def test_event_streams(world: World):
    """Eight tabs at once; a reader that reads nothing holds nobody up; what was missed comes after."""
    lead = world.people["lead"]
    streams, got = [], [None] * 8

    def listen(index):
        connection = http.client.HTTPConnection("localhost", world.server.port, timeout=20)
        connection.request("GET", "/api/v1/events", headers={"Cookie": f"__Host-consilium={lead.cookie}"})
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "text/event-stream"
        streams.append(connection)
        while True:
            line = response.readline().decode().strip()
            if line.startswith("id: "):
                got[index] = int(line[4:])
                return

    threads = [threading.Thread(target=listen, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    settings = {"name": "One", "description": "changed", "deid_at": "import", "readers_per_item": 2}
    path = f"/api/v1/projects/{world.project}"
    tag = f'"{lead.get(path).json()["revision"]}"'
    assert lead.put(path, settings, headers={"If-Match": tag}).status == 200
    for thread in threads:
        thread.join(timeout=15)
    assert all(got), got
    replay = http.client.HTTPConnection("localhost", world.server.port, timeout=20)
    replay.request("GET", "/api/v1/events",
                   headers={"Cookie": f"__Host-consilium={lead.cookie}", "Last-Event-ID": str(got[0] - 1)})
    response, lines = replay.getresponse(), []
    while not any(line.startswith("data:") for line in lines):
        lines.append(response.readline().decode().strip())
    assert any(line == "event: project.changed" for line in lines), lines


def test_panel(world: World):
    """The panel and the votes are the lead's (votes ML engineers' too): never a blinded rater's."""
    panel = f"/api/v1/projects/{world.project}/panel"
    votes = f"{panel}/votes.csv?unit=study_quality"
    for role in ("rater", "reviewer", "adjudicator", "compliance", "administrator"):
        for path in (panel, votes, votes + "&what=truths"):
            refused = world.people[role].get(path)
            assert refused.status == 403, (role, path, refused.status)
            assert "votes" not in refused.json(), refused.body
    assert world.people["ml_export"].get(panel).status == 403
    lead = world.people["lead"]
    assert lead.get(panel).status == 409  # without a protocol nothing is voted on
    protocol = (ROOT / "protocols/chest-ct-nodule.yaml").read_text()
    set_ = lead.put(f"/api/v1/projects/{world.project}/protocol", {"yaml": protocol})
    assert set_.status in (200, 201), set_.body
    shown = lead.get(panel)
    assert shown.status == 200, shown.body
    schema = world.admin.get("/api/v1/openapi.json").json()["components"]["schemas"]["Panel"]
    assert set(shown.json()) == set(schema["required"]), shown.json().keys()
    assert shown.json()["settled_at"] == 0.9  # the protocol's threshold of adjudication
    assert shown.json()["items"] == {"total": 0, "with_votes": 0, "complete": 0, "unsettled": 0}
    for client in (lead, world.people["ml_export"]):
        assert client.get(votes).status == 404  # nobody voted yet
        assert client.get(f"{panel}/votes.csv").status == 422  # of which unit?


def test_disabled_person(world: World):
    client = world.add("leaver", [], world.project, ["rater"])
    person = client.me["person"]["id"]
    assert client.get("/api/v1/me").status == 200
    assert world.admin.post(f"/api/v1/people/{person}/disable").status == 200
    assert client.get("/api/v1/me").status == 401
    assert world.server.client().sign_in("leaver").status == 401


def test_last_administrator(world: World):
    person = world.admin.me["person"]["id"]
    assert world.admin.post(f"/api/v1/people/{person}/disable").status == 409


def test_audit(world: World):
    compliance = world.people["compliance"]
    assert world.server.client().sign_in("adjudicator", "wrong password").status == 401
    assert compliance.get("/api/v1/people").status == 403
    events = compliance.get("/api/v1/audit?limit=500").json()["items"]
    assert events and all("secret_" not in json.dumps(event) for event in events)
    assert any(event["type"] == "sign_in.failed" for event in events)
    assert any(event["type"] == "access.refused" for event in events)
    verified = compliance.post("/api/v1/audit/verify").json()
    assert verified["ok"], verified


def main() -> int:
    wanted = sys.argv[1:]
    tally = Tally()
    with Server() as server:
        world = World(server)
        for name, test in tests_of(globals()):
            if not wanted or name in wanted:
                tally.case(name, test, world)
        tally.check("the server ends in order", server.stop() == 0)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
