#!/usr/bin/env python3
"""Checks an export of the audit log without any code of Consilium's: the form is in src/storage/semantics.md.

    consilium audit export --data DIR > audit.jsonl
    tools/verify_audit.py audit.jsonl [--witness HEAD.json] [--signatures all|newest]

Recomputes the SHA-256 chain and the Merkle tree of RFC 9162 over every event's text, compares each signed head with the
root at its size, and has openssl check the Ed25519 signatures. `--witness` is a head kept elsewhere. Exit 0 when all holds.
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: a public key's algorithm, before its 32 bytes


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


class Tree:
    """The peaks of the tree: one perfect subtree for each 1 bit of the size, largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def append(self, leaf):
        bits = self.size
        while bits & 1:
            leaf, bits = sha256(b"\x01", self.peaks.pop(), leaf), bits >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self):
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = sha256(b"\x01", peak, root)
        return root


def between(line, begin, end):
    """The exact text of a member: what was hashed is the text, not what a parser makes of it."""
    if not line.startswith(begin):
        raise ValueError("a line has another form")
    at = line.rindex(end)
    return line[len(begin):at], json.loads(line)


def signature_holds(key, text, signature):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "key").write_bytes(ED25519_DER + key)
        (folder / "text").write_text(text, encoding="utf-8")
        (folder / "signature").write_bytes(signature)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key", "-rawin",
                               "-in", folder / "text", "-sigfile", folder / "signature"], capture_output=True, check=False)
        return done.returncode == 0


def check(lines, witness, signatures):
    first = json.loads(next(lines))
    if first.get("format") != "consilium audit 1":
        return "this is not an export of the audit log"
    key, last, tree, roots, heads = bytes.fromhex(first["log_public_key"]), bytes(32), Tree(), {}, []
    for line in lines:
        line = line.rstrip("\n")
        if line.startswith('{"event":'):
            text, whole = between(line, '{"event":', ',"hash":"')
            body = text.encode()
            last = sha256(last, body)
            if last.hex() != whole["hash"] or whole["event"]["sequence"] != tree.size + 1:
                return f"event {tree.size + 1}: the chain is broken"
            tree.append(sha256(b"\x00", body))
            roots[tree.size] = (tree.root().hex(), last.hex())
        else:
            text, whole = between(line, '{"head":', ',"signature":"')
            heads.append((text, whole["head"], bytes.fromhex(whole["signature"])))
    for _, head, _ in heads:
        if roots.get(head["tree_size"]) != (head["root"], head["last_hash"]):
            return f"head {head['tree_size']}: it is not the log's"
    if not heads or heads[-1][1]["tree_size"] != tree.size:
        return "the newest events are under no head"
    for text, head, signature in heads if signatures == "all" else heads[-1:]:
        if not signature_holds(key, text, signature):
            return f"head {head['tree_size']}: its signature does not hold"
    if witness and roots.get(witness["tree_size"], ("",))[0] != witness["root"]:
        return "the log does not lead through the head kept elsewhere"
    print(f"the log holds: {tree.size} events under {len(heads)} signed heads\nroot {tree.root().hex()}")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=pathlib.Path)
    parser.add_argument("--witness", type=pathlib.Path)
    parser.add_argument("--signatures", choices=["all", "newest"], default="newest")
    options = parser.parse_args()
    witness = json.loads(options.witness.read_text(encoding="utf-8")) if options.witness else None
    with options.export.open(encoding="utf-8", newline="\n") as lines:
        problem = check(lines, witness, options.signatures)
    if problem:
        print(f"error:  {problem}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
