#!/usr/bin/env python3
"""Schemathesis against a fresh sample installation: what the OpenAPI document promises is what the server answers.

Requests are made from the document (a fixed seed), valid and invalid ones, with the ids of things that are there. None
may be answered with 5xx, a status or media type that is not documented, or a body of another shape.

    CONSILIUM_BINARY=build/release/src/consilium tests/api/schemathesis_run.py [--examples N] [--seed N]

The last line printed is "N passed, N failed"; an operation counts as one.
"""
import argparse
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from client import BINARY, Client, new_id

# Not asked, each for its reason. All else is.
LEFT_OUT = {
    "stream_events": "an answer that never ends; test_api.py reads it",
    "sign_in": "ten wrong passwords close the account for a while; test_api.py tries it",
    "sign_out": "ends the session; test_api.py does it",
    "use_link": "a link works once; test_api.py uses them",
    "put_import_file": "a streamed body of any size; test_api.py sends 300 MB",
}
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance"]
SCOPES = ["read", "label", "import", "export", "manage"]


class Demo:
    """`consilium demo` on a folder of its own, and the first person's session."""

    def __init__(self, folder):
        self.log = open(pathlib.Path(folder) / "server.log", "w+")
        self.process = subprocess.Popen(
            [str(BINARY), "demo", "--patients", "1", "--data", f"{folder}/data", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if found := re.search(r"http://localhost:(\d+)/sign-in\?link=(\S+)", line):
                self.client = Client(int(found.group(1)))
                answer = self.client.use_link(found.group(2), None)
                assert answer.status == 200, answer.body
                return
        raise RuntimeError("the server ended before it printed its link")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def found_ids(client):
    """Ids of what is there, by the kind of thing: the values of path parameters."""
    places = {}
    for project in client.get("/api/v1/projects").json()["items"]:
        base = f"/api/v1/projects/{project['id']}"
        item = client.get(f"{base}/items?limit=1").json()["items"][0]
        task = client.post(f"{base}/items/{item['id']}/task").json()
        place = {"project_id": project["id"], "item_id": item["id"], "task_id": task["id"]}
        source = client.get(f"{base}/items/{item['id']}").json()["source"]
        if source["kind"] == "image":
            series = source["studies"][0]["series"][0]
            place |= {"series_id": series["id"], "grid_id": (series["volume"] or series["images"][0])["grid_id"], "index": 0}
        elif source["kind"] == "text":
            place["note_id"] = source["notes"][0]["id"]
            place["tool_id"] = new_id()
            tool = {"kind": "terms", "name": "Made terms", "is_on": True, "label": "problem", "text": "chest pain\n"}
            assert client.put(f"{base}/note-tools/{place['tool_id']}", tool).status in (200, 201)
        else:
            place["recording_id"] = source["recordings"][0]["id"]
        places[source["kind"]] = place
    return places


MADE_SYSTEM = "http://example.org/made-terms"
# What FHIR's operations are asked for in their queries: a terminology that is there.
FHIR_QUERIES = {
    "fhir_lookup": {"system": MADE_SYSTEM, "code": "A1"},
    "fhir_code_system_validate": {"url": MADE_SYSTEM, "code": "A1"},
    "fhir_value_set_validate": {"url": f"{MADE_SYSTEM}?fhir_vs", "system": MADE_SYSTEM, "code": "A1"},
    "fhir_expand": {"url": f"{MADE_SYSTEM}?fhir_vs"},
}


def load_terminology(client):
    made = {"resourceType": "CodeSystem", "url": MADE_SYSTEM, "version": "1", "status": "active", "content": "complete",
            "concept": [{"code": "A1", "display": "Made finding"}]}
    answer = client.request("POST", "/api/v1/terminologies?name=made.json", body=json.dumps(made).encode(),
                            headers={"Content-Type": "application/octet-stream"})
    assert answer.status == 201, answer.body


def toml_value(value):
    return json.dumps(value)


def configuration(document, places):
    """Each operation's path parameters, from the project that has such a thing."""
    needs = {"series_id": "image", "grid_id": "image", "index": "image", "recording_id": "signal"}
    lines = []
    for path, methods in document["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        kind = next((needs[name] for name in names if name in needs), "text")
        if path.endswith("/thumbnail") or path.endswith("/masks"):
            kind = "image"
        known = {name: places[kind][name] for name in names if name in places[kind]}
        for operation in methods.values():
            given = {f"path.{name}": value for name, value in known.items()}
            given |= {f"query.{name}": value for name, value in FHIR_QUERIES.get(operation["operationId"], {}).items()}
            if given:
                lines += ["[[operations]]", f'include-operation-id = "{operation["operationId"]}"',
                          "parameters = { " + ", ".join(f'"{name}" = {toml_value(value)}' for name, value in given.items()) + " }", ""]
    return "\n".join(lines)


def judged(report):
    """({operation: statuses seen}, {operation: problems}) out of the events that Schemathesis wrote."""
    statuses, problems = {}, {}
    for line in report.read_text(encoding="utf-8").splitlines():
        event = json.loads(line).get("ScenarioFinished")
        recorder = event and event.get("recorder")
        if not recorder:
            continue
        label = recorder["label"]
        for case_id, interaction in (recorder.get("interactions") or {}).items():
            status = (interaction.get("response") or {}).get("status_code", "no answer")
            statuses.setdefault(label, collections.Counter())[status] += 1
            for check in (recorder.get("checks") or {}).get(case_id, []):
                if check["status"] != "success":
                    case = recorder["cases"][case_id]["value"]
                    problems.setdefault(label, {}).setdefault((check["name"], status), (check, case, interaction))
    return statuses, problems


def run(demo, folder, options):
    client = demo.client
    document = client.get("/api/v1/openapi.json").json()
    # One session makes all requests. Who may do what is asked by test_api.py, so the schemes go: else Schemathesis would
    # make up credentials and see 401 alone.
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    document["components"].pop("securitySchemes")
    load_terminology(client)
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "schemathesis.toml").write_text(configuration(document, found_ids(client)))
    command = [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(folder / "schemathesis.toml"),
               "run", str(folder / "openapi.json"), "--url", f"http://localhost:{client.port}",
               "-H", f"Cookie: __Host-consilium={client.cookie}", "-H", f"X-CSRF-Token: {client.csrf}",
               "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", str(options.examples),
               "--seed", str(options.seed), "--continue-on-failure", "--no-shrink", "--suppress-health-check", "all",
               "--request-timeout", "60", "--generation-database", "none", "--warnings", "off", "--report", "ndjson",
               "--report-ndjson-path", str(folder / "report.ndjson")]
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    if options.only:
        command = [part for part in command if part not in LEFT_OUT and part != "--exclude-operation-id"]
        command += ["--include-operation-id", options.only]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False)
    statuses, problems = judged(folder / "report.ndjson") if (folder / "report.ndjson").exists() else ({}, {})
    for label in sorted(problems):
        for (name, status), (check, case, interaction) in problems[label].items():
            print(f"{label}: {name}: {status}: {json.dumps(check.get('failure_info') or check)[:700]}")
            if options.verbose:
                print("   ", json.dumps(case)[:1500], "\n   ", json.dumps(interaction.get("response"))[:1500])
    if options.verbose:
        for label in sorted(statuses):
            print(label, dict(statuses[label]))
    if not statuses or (done.returncode != 0 and not problems):
        print(done.stdout[-4000:])
        print("0 passed, 1 failed")
        return 1
    total = collections.Counter()
    for seen in statuses.values():
        total.update(seen)
    print(f"{sum(total.values())} requests; answers: " + ", ".join(f"{count} x {status}" for status, count in sorted(total.items(), key=str)))
    for operation, reason in LEFT_OUT.items():
        print(f"not asked: {operation}: {reason}")
    succeeded = sum(any(isinstance(status, int) and status < 300 for status in seen) for seen in statuses.values())
    print(f"{succeeded} of {len(statuses)} operations also did what was asked")
    if total[401] > 100 or (succeeded < len(statuses) // 2 and not options.only):
        problems["all"] = "the session ended midway, or what was asked for was not there"
        print(problems["all"])
    print(f"{max(0, len(statuses) - len(problems))} passed, {len(problems)} failed")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20260311)
    parser.add_argument("--only", default="", help="only this operation, by its id")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consilium-schemathesis-") as folder:
        demo = Demo(folder)
        try:
            result = run(demo, pathlib.Path(folder), options)
        finally:
            code = demo.stop()
        if code != 0:
            print("the server did not end in order")
            result = 1
        return result


if __name__ == "__main__":
    sys.exit(main())
