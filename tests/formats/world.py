"""A running server with a lead who makes projects and imports files into them through the HTTP interface."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import new_id  # noqa: E402


class World:
    def __init__(self, server):
        self.admin = server.client()
        self.admin.use_link(server.first_link)
        self.lead = new_id()
        link = self.admin.put(f"/api/v1/people/{self.lead}", {"name": "lead", "display_name": "Lead", "roles": []}).json()["link"]["url"]
        self.client = server.client()
        self.client.use_link(link.split("link=")[1])

    def project(self, name):
        project = new_id()
        made = self.admin.put(f"/api/v1/projects/{project}", {"name": name, "description": "", "deid_at": "release", "readers_per_item": 1})
        assert made.status in (200, 201), made.body
        self.admin.put(f"/api/v1/projects/{project}/members/{self.lead}", {"roles": ["lead", "rater"]})
        return f"/api/v1/projects/{project}"

    def imported(self, path, files):
        """Files, or pairs of a path within the upload and bytes."""
        upload = f"{path}/imports/{new_id()}"
        self.client.put(upload, {"name": "photos"})
        for number, file in enumerate(files, 1):
            name, data = file if isinstance(file, tuple) else (file.name, file.read_bytes())
            sent = self.client.put(f"{upload}/files/{number}?path={name}", data,
                                   headers={"Content-Type": "application/octet-stream"})
            assert sent.status in (200, 201), sent.body
        self.client.post(f"{upload}/finish")
        for _ in range(2400):
            state = self.client.get(upload).json()
            if state["state"] in ("done", "failed"):
                return state
            time.sleep(0.05)
        raise AssertionError("the import does not end")

    def detail(self, path, item):
        return self.client.get(f"{path}/items/{item}").json()
