"""A project whose CT a tool segmented and a reader measured: what the tests of labels over DICOMweb start from."""
import json
import time

import requests
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session

import test_dicomweb as plain
from client import new_id

DCMQI = plain.DATA / "imaging/dicom/dcmqi"
SEG = DCMQI / "partial_overlaps.dcm"
COLOURS = ["GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"]
PROTOCOL = {
    "schema": 1, "id": "derived-test", "version": "1.0.0", "title": "Derived", "authors": [{"name": "Test"}],
    "clinical_question": "Where?", "item_unit": "study", "modalities": ["CT"],
    "labels": [{"id": c.lower(), "name": c.title(), "definition": "Made for a test.", "colour": "#e69f00", "places": ["mask"], "overlaps": True}
               for c in COLOURS] +
              [{"id": "solid", "name": "Solid", "definition": "In space.", "colour": "#0072b2", "places": ["cuboid", "polygon", "ellipse", "point"]},
               {"id": "diameter", "name": "Diameter", "definition": "A line.", "colour": "#009e73", "places": ["length", "box"]}],
    "questions": [{"id": "quality", "name": "Quality", "prompt": "Good?", "level": "item", "answer": {"type": "bool"}}],
    "assist_policy": {"suggestions": "before"},
}


class DerivedWorld:
    def __init__(self, server):
        admin = server.client()
        assert admin.use_link(server.first_link).status == 200
        self.set_up(server, admin, "")

    @classmethod
    def beside(cls, world, name):
        """Another project of the same server, with people of its own."""
        other = cls.__new__(cls)
        other.set_up(world.server, world.admin, name + "_")
        return other

    def set_up(self, server, admin, before):
        self.admin, self.server = admin, server
        self.project = new_id()
        self.path = f"/api/v1/projects/{self.project}"
        settings = {"name": "Derived", "description": "", "deid_at": "import", "readers_per_item": 3}
        assert self.admin.put(self.path, settings).status in (200, 201)
        self.people = {name: self.add(before + name, roles) for name, roles in {
            "lead": ["lead"], "first": ["rater"], "second": ["rater"], "reviewer": ["reviewer"],
            "adjudicator": ["adjudicator"], "exporter": ["ml_export"]}.items()}
        self.lead = self.people["lead"]
        self.url = f"http://localhost:{server.port}/dicomweb/projects/{self.project}"
        self.tokens = {name: plain.World.token_of(person, ["read", "import"] if name == "lead" else ["read"])
                       for name, person in self.people.items()}
        put = self.lead.put(f"{self.path}/protocol", {"yaml": json.dumps(PROTOCOL)})
        assert put.status in (200, 201), put.body

    def add(self, name, roles):
        person = new_id()
        made = self.admin.put(f"/api/v1/people/{person}", {"name": name, "display_name": f"Dr {name.title()}", "roles": []})
        client = self.server.client()
        assert client.use_link(made.json()["link"]["url"].split("link=")[1]).status == 200
        assert self.admin.put(f"{self.path}/members/{person}", {"roles": roles}).status in (200, 201)
        return client

    def client(self, name="lead"):
        session = create_session()
        session.headers["Authorization"] = f"Bearer {self.tokens[name]}"
        return DICOMwebClient(url=self.url, session=session)

    def get(self, path, name="lead", accept=None):
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} | ({"Accept": accept} if accept else {})
        return requests.get(self.url + path, headers=headers, timeout=120)

    def store(self, parts):
        body, headers = plain.multipart(parts)
        return requests.post(self.url + "/studies", data=body, headers=headers | {"Authorization": f"Bearer {self.tokens['lead']}"}, timeout=300)

    def import_files(self, files):
        upload = f"{self.path}/imports/{new_id()}"
        assert self.lead.put(upload, {"name": "files"}).status in (200, 201)
        for number, (name, content) in enumerate(files, 1):
            sent = self.lead.request("PUT", f"{upload}/files/{number}?path={name}", body=content, headers={"Content-Type": "application/octet-stream"})
            assert sent.status in (200, 201), sent.body
        assert self.lead.post(f"{upload}/finish").status in (200, 202)
        for _ in range(600):
            made = self.lead.get(upload).json()
            if made["state"] not in ("receiving", "running"):
                return made
            time.sleep(0.1)
        raise AssertionError("the import did not end")

    def import_ct(self):
        made = self.import_files([(f.name, f.read_bytes()) for f in sorted(plain.CT.glob("*.dcm"))])
        assert made["state"] == "done" and not made["refused"], made
        item = self.lead.get(f"{self.path}/items").json()["items"][0]
        self.item = f"{self.path}/items/{item['id']}"
        self.item_id = item["id"]
        self.study = self.client().search_for_studies()[0]["0020000D"]["Value"][0]

    def take(self, reader):
        task = self.people[reader].post(f"{self.item}/task")
        assert task.status in (200, 201), task.body
        return task.json()["id"]

    def take_suggestion(self, reader):
        tools = self.people[reader].get(f"{self.item}/suggestions").json()["items"]
        taken = self.people[reader].post(f"{self.item}/suggestions/{tools[0]['rater']['id']}/take")
        assert taken.status in (200, 201), taken.body

    def put(self, reader, **more):
        body = {"id": new_id(), "item_id": self.item_id, "protocol": {"id": PROTOCOL["id"], "version": "1.0.0"}, "label": None,
                "target": {"type": "whole"}, "question": None, "value": None, "attributes": {}} | more
        made = self.people[reader].put(f"{self.item}/annotations/{body['id']}", body)
        assert made.status == 201, made.body

    def region(self, kind, points):
        series = self.lead.get(self.item).json()["source"]["studies"][0]["series"][0]
        uid = series["volume"]["slices"][1]["instance_uid"]
        return {"type": "region", "series_id": series["id"], "instance_uid": uid, "frame": 0, "geometry": {"kind": kind, "points": points}}

    def submit(self, reader, task):
        done = self.people[reader].post(f"{self.path}/tasks/{task}/submit", {"duration_s": 10})
        assert done.status == 200, done.body

    def read(self, reader):
        """Takes the tool's segments over, draws a line, answers, submits."""
        task = self.take(reader)
        self.take_suggestion(reader)
        self.put(reader, label="diameter", target=self.region("length", [[100, 100], [140, 130]]))
        self.put(reader, question="quality", value=True)
        self.submit(reader, task)

    def label_series(self, name="lead"):
        found = self.client(name).search_for_series(self.study)
        return [one for one in found if one["00080060"]["Value"][0] != "CT" and 1000 <= one.get("00200011", {}).get("Value", [0])[0] <= 1004]
